#!/bin/bash
# Whether this member can be used: prepared since its pod began, and the primary or a secondary at this moment. It asks
# mongod itself, in mongod's own words, because mongosh would take a second of CPU each time.
set -euo pipefail

[[ -e /tmp/prepared ]]
exec 3<>/dev/tcp/127.0.0.1/27017
# OP_MSG with {hello: 1, $db: "admin"}: lengths and numbers are four bytes each, the lowest first.
printf '\x34\0\0\0\1\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1f\0\0\0\x10hello\0\1\0\0\0\x02\x24db\0\6\0\0\0admin\0\0' >&3
timeout 3 dd bs=64k count=1 status=none <&3 | tr '\000\001' '01' | grep -aqE '(isWritablePrimary|secondary)01'
