#!/bin/bash
# Starts mongod, which takes the set's key only from a file that nobody else may read. Two lines in the secret are two
# keys: it knows itself to its fellows by either, which is how a key is changed while the set runs.
set -euo pipefail
umask 077

keys=$(</secret/replica-set-key)
while read -r key; do
    [[ -z $key ]] || printf -- '- "%s"\n' "$key"
done <<<"$keys" >/tmp/replica-set.key

tuning=(--wiredTigerCacheSizeGB 0.25 --oplogSize 512 --quiet --slowms 1000)
parameters=(
    --setParameter diagnosticDataCollectionEnabled=false
    # The default lets every stop take 15 s, the last member's too.
    --setParameter shutdownTimeoutMillisForSignaledShutdown=1000
)
exec mongod --dbpath /data/db --bind_ip_all --port 27017 --nounixsocket \
    --replSet rs0 --keyFile /tmp/replica-set.key "${tuning[@]}" "${parameters[@]}"
