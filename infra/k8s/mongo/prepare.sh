#!/bin/bash
# Beside mongod: makes the set and its users what the secret says, when the pod starts and when the secret changes.
# mongosh runs no longer than that takes, since it needs 100 MB. What fails at the start ends the container with an
# error, so the kubelet tries again, ever less often. A later change that fails is only said, and tried again: the
# database goes on as it was.
set -euo pipefail
trap 'exit 0' TERM
prepared=/tmp/prepared
known=

# Bash hears a signal only between its own steps, and while it waits.
pause() {
    sleep "$1" &
    wait $!
}

answers() {
    (: </dev/tcp/127.0.0.1/27017) 2>/dev/null
}

prepare() {
    for ((tries = 0; tries < 300; tries++)); do
        ! answers || break
        pause 1
    done
    timeout 180 mongosh --nodb --norc --quiet /scripts/prepare.js &
    wait $!
}

# The kubelet has written the pod's whole name into /etc/hosts: a member knows itself by it with no name server about,
# also when it has just come back under another address.
read -r _ ME _ < <(getent hosts "$HOSTNAME")
export ME
mkdir -p "$HOME/.mongodb/mongosh"
echo '{"enableTelemetry": false}' >"$HOME/.mongodb/mongosh/config"

while :; do
    secret=$(cat /secret/*)
    if [[ $secret != "$known" ]]; then
        if prepare; then
            known=$secret
            touch "$prepared"
        elif [[ ! -e $prepared ]]; then
            exit 1
        fi
    fi
    pause 15
done
