"""Runs in a pod of expiration: what Redis says to its own user, and to somebody else. Says JSON.

On standard input the other's password, or null for somebody who has none.
"""

# ruff: noqa: TID251, T201 (in a pod: its settings are in the environment, and it says what it found)

import json
import os
import sys
from urllib.parse import urlsplit

import redis
from redis.exceptions import RedisError


def tried(url: str) -> str:
    """What comes of a PING."""
    try:
        return "ok" if redis.Redis.from_url(url, socket_timeout=5).ping() else "no"
    except RedisError as error:
        return str(error)


own = os.environ["REDIS_URL"]
password, place = json.load(sys.stdin), urlsplit(own).netloc.rpartition("@")[2]
stranger = urlsplit(own)._replace(netloc=f":{password}@{place}" if password else place).geturl()
print(json.dumps({"own": tried(own), "stranger": tried(stranger)}))
