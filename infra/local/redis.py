"""Redis: the timer of expiration, with its append-only file."""

from .layout import Layout
from .part import Part
from .ports import HOST
from .probes import redis_answers
from .programs import redis_server


def part(layout: Layout, port: int, password: str) -> Part:
    """The server."""
    data = layout.data("redis")
    config = data / "redis.conf"
    text = "\n".join(
        [
            f"bind {HOST}",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{data}"',
            "appendonly yes",
            'save ""',
            "maxmemory 64mb",
            "maxmemory-policy noeviction",
            "",
        ]
    )
    return Part("redis", (redis_server(), str(config)), ready=redis_answers(port), files={config: text}, wipeable=True)


def url(port: int, password: str = "") -> str:
    """With the password for those who use it, without for those who only look."""
    return f"redis://{f':{password}@' if password else ''}{HOST}:{port}/0"
