"""MongoDB: a replica set of one or three, and for every service a user who can use its own database only."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError

from .credentials import Credentials
from .errors import StackError
from .layout import Layout
from .part import Part, Step
from .ports import HOST
from .programs import mongod

SET = "rs0"
_CACHE_GB = "0.25"
_PRIMARY_WITHIN = 30.0
_LOOK_EVERY = 0.1
_ANSWER_MS = 2000
_IS_A_SET_ALREADY = {13, 23}
"""Unauthorized (there are users), AlreadyInitialized."""
_AUTHENTICATION_FAILED = 18
_NOT_YET_INITIALIZED = 94
Client = AsyncMongoClient[dict[str, Any]]


def parts(layout: Layout, ports: Mapping[str, int], credentials: Credentials) -> tuple[Part, ...]:
    """One mongod for each name in `ports`."""
    _refuse_other_size(layout, tuple(ports))
    return tuple(_part(layout, name, port, credentials.mongo_key) for name, port in ports.items())


def users_step(ports: Mapping[str, int], credentials: Credentials) -> Step:
    """Joins the nodes to a set and makes the users."""

    async def run() -> None:
        hosts = [f"{HOST}:{port}" for port in ports.values()]
        try:
            await _join(hosts, credentials.mongo["admin"])
            await _make_users(hosts, credentials.mongo)
        except PyMongoError as error:
            raise StackError(f"The databases could not be prepared: {str(error)[:200]}.") from error

    return Step("databases", run, needs=tuple(ports))


def url(ports: Mapping[str, int], user: str, password: str) -> str:
    """A service's address of its own database."""
    return f"{address(ports, f'{user}:{password}@')}/{user}?replicaSet={SET}&authSource={user}"


def address(ports: Mapping[str, int], who: str = "") -> str:
    """Where the set is, with no database named."""
    return f"mongodb://{who}" + ",".join(f"{HOST}:{port}" for port in ports.values())


async def primary(ports: Mapping[str, int]) -> str:
    """The name of the node that takes the writes now; `StackError` if none does within half a minute."""
    limit = asyncio.get_running_loop().time() + _PRIMARY_WITHIN
    while (found := await asyncio.to_thread(_find_primary, ports)) is None:
        if asyncio.get_running_loop().time() > limit:
            raise StackError(f"MongoDB has no primary within {_PRIMARY_WITHIN:.0f} s: look into mongo's log.")
        await asyncio.sleep(_LOOK_EVERY)
    return found


def _find_primary(ports: Mapping[str, int]) -> str | None:
    """In a thread: the asynchronous client's own looks get no turn in a loop that is busy, as in a storm."""
    for name, port in ports.items():
        try:
            with MongoClient[dict[str, Any]](
                f"{HOST}:{port}", directConnection=True, timeoutMS=_ANSWER_MS, serverSelectionTimeoutMS=_ANSWER_MS
            ) as client:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return name
        except PyMongoError:
            continue
    return None


def _part(layout: Layout, name: str, port: int, key: str) -> Part:
    data = layout.data(name)
    key_file = data / "replica-set.key"
    command = (mongod(), "--dbpath", str(data), "--port", str(port), "--bind_ip", HOST, "--nounixsocket")
    tuning = ("--wiredTigerCacheSizeGB", _CACHE_GB, "--oplogSize", "128", "--quiet", "--slowms", "1000")
    parameters = (
        "diagnosticDataCollectionEnabled=false",
        "shutdownTimeoutMillisForSignaledShutdown=100",  # the default lets every stop take 15 s
    )
    return Part(
        name,
        (
            *command,
            *("--replSet", SET, "--keyFile", str(key_file)),
            *tuning,
            *(word for parameter in parameters for word in ("--setParameter", parameter)),
        ),
        ready=_answers(port),
        files={key_file: key},
        grace=20.0,
    )


def _refuse_other_size(layout: Layout, names: tuple[str, ...]) -> None:
    there = {path.name for path in (layout.root / "data").glob("mongo*")}
    if there and there != set(names):
        size = len(there)
        raise StackError(
            f"The data in {layout.root} belong to MONGO_NODES={size}: keep to that, or begin anew with `make reset`."
        )


def _answers(port: int) -> Any:
    async def probe(pid: int) -> bool:  # noqa: ARG001
        try:
            async with _direct(f"{HOST}:{port}", timeout_ms=500) as client:
                hello = await client.admin.command("hello")
        except PyMongoError:
            return False
        is_new = bool(hello.get("isreplicaset"))
        return is_new or bool(hello.get("isWritablePrimary") or hello.get("secondary"))

    return probe


def _direct(host: str, password: str | None = None, timeout_ms: int = _ANSWER_MS) -> Client:
    login: dict[str, Any] = {"username": "admin", "password": password} if password else {}
    return AsyncMongoClient(host, directConnection=True, serverSelectionTimeoutMS=timeout_ms, **login)


async def _join(hosts: Sequence[str], password: str) -> None:
    """Makes the set at the first start. Fresh ports (the old ones were taken) are told to it at a later one."""
    async with _direct(hosts[0]) as client:
        hello = await client.admin.command("hello")
        if set(hello.get("hosts", ())) == set(hosts):
            return
        try:
            await client.admin.command("replSetInitiate", _config(hosts, version=1))
        except OperationFailure as error:
            # A node whose set knows it under another port looks like a new one until it is asked.
            if error.code not in _IS_A_SET_ALREADY:
                raise
        else:
            return
    await _move(hosts, password)


async def _move(hosts: Sequence[str], password: str) -> None:
    async with _direct(hosts[0], password) as client:
        present = await _present_config(client)
        for member, host in zip(present["members"], hosts, strict=True):
            member["host"] = host
        present["version"] += 1
        await client.admin.command("replSetReconfig", present, force=True)


async def _present_config(client: Client) -> dict[str, Any]:
    """What the set knows of itself; it may be looking for itself under the old ports for a while."""
    until = asyncio.get_running_loop().time() + _PRIMARY_WITHIN
    while True:
        try:
            config: dict[str, Any] = (await client.admin.command("replSetGetConfig"))["config"]
        except OperationFailure as error:
            if error.code != _NOT_YET_INITIALIZED or asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(_LOOK_EVERY)
        else:
            return config


def _config(hosts: Sequence[str], version: int) -> dict[str, Any]:
    return {
        "_id": SET,
        "version": version,
        "members": [{"_id": number, "host": host} for number, host in enumerate(hosts)],
        "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 500},
    }


async def _make_users(hosts: Sequence[str], passwords: Mapping[str, str]) -> None:
    primary = await _primary(hosts)
    try:
        async with _direct(primary, passwords["admin"]) as client:
            known = {user["user"] for user in (await _all_users(client))}
    except OperationFailure as error:
        if error.code != _AUTHENTICATION_FAILED:
            raise
        await _make_admin(primary, passwords["admin"])
        known = set()
    async with _direct(primary, passwords["admin"]) as client:
        for service in set(passwords) - known - {"admin"}:
            roles = [{"role": "readWrite", "db": service}]
            await client[service].command("createUser", service, pwd=passwords[service], roles=roles)


async def _all_users(client: Client) -> list[dict[str, Any]]:
    answer: dict[str, Any] = await client.admin.command("usersInfo", {"forAllDBs": True})
    users: list[dict[str, Any]] = answer["users"]
    return users


async def _make_admin(primary: str, password: str) -> None:
    """Works only while there is no user at all: from this machine one may then make the first."""
    async with _direct(primary) as client:
        try:
            await client.admin.command("createUser", "admin", pwd=password, roles=["root"])
        except OperationFailure:
            raise StackError(
                "The passwords in secrets.json are not those of the databases: put the file back, or `make reset`."
            ) from None


async def _primary(hosts: Sequence[str]) -> str:
    try:
        async with asyncio.timeout(_PRIMARY_WITHIN):
            while True:
                for host in hosts:
                    if await _is_primary(host):
                        return host
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise StackError(f"MongoDB chose no primary within {_PRIMARY_WITHIN:.0f} s: look into mongo's log.") from None


async def _is_primary(host: str) -> bool:
    try:
        async with _direct(host) as client:
            return bool((await client.admin.command("hello")).get("isWritablePrimary"))
    except (PyMongoError, ConfigurationError):
        return False
