"""What the operator's commands do."""

import json

from httpx import AsyncClient

from auth import commands
from common.testing import Kit

from .factories import EMAIL, sign_up


async def test_state_tells_of_every_account_and_of_no_password(api: AsyncClient, kit: Kit) -> None:
    user = await sign_up(api)
    await kit.settle()
    first, owned, last = [line async for line in commands.state(kit.parts)]
    assert (first["service"], last) == ("auth", {"ends": "auth", "lines": 1})
    assert (owned["owns"], owned["id"], owned["outbox"]) == ("user", user["id"], 0)
    assert owned["state"] == {"id": user["id"], "email": EMAIL, "version": 0}
    assert "argon2" not in json.dumps(owned)
