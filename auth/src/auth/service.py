"""The use cases of auth."""

from common.mongo import DuplicateKey, new_id
from common.outbox import Change

from .domain import User
from .errors import EmailInUse, InvalidCredentials
from .passwords import Passwords
from .store import UserStore
from .tokens import Session, Tokens


class Users:
    """People sign up and in."""

    def __init__(self, store: UserStore, passwords: Passwords, tokens: Tokens) -> None:
        self._store = store
        self._passwords = passwords
        self._tokens = tokens

    async def sign_up(self, email: str, password: str) -> Session:
        """A new account, signed in; `EmailInUse` where the address has one."""
        user = User(new_id(), email, await self._passwords.hash(password))
        try:
            await self._store.users.insert(user, [user.said()])
        except DuplicateKey as error:
            raise EmailInUse(field="email") from error
        return self._tokens.begin(user)

    async def sign_in(self, email: str, password: str) -> Session:
        """A session; `InvalidCredentials`, and after the same time, whether or not there is such an account."""
        user = await self._store.by_email(email)
        checked = await self._passwords.check(password, None if user is None else user.password_hash)
        if user is None or not checked.right:
            raise InvalidCredentials
        if checked.renewed is not None:
            await self._renew(user, checked.renewed)
        return self._tokens.begin(user)

    async def _renew(self, user: User, password_hash: str) -> None:
        """Keeps the new hash of the password just checked, unless that is no longer the user's."""

        def decide(found: User) -> Change[User] | None:
            return Change(found.rehashed(password_hash)) if found.password_hash == user.password_hash else None

        await self._store.users.change(user.id, decide)

    async def announce(self) -> int:
        """Says the state of every account; how many."""
        return await self._store.users.announce(User.said)
