"""A user and what may happen to one."""

from dataclasses import dataclass, field, replace

from common.events import USER_CREATED, Said, UserState


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account; `email` is normalised, so that an address is one account however it is typed."""

    id: str
    email: str
    password_hash: str = field(repr=False)
    version: int = 0

    def rehashed(self, password_hash: str) -> "User":
        """With the same password, hashed as it is done today."""
        return replace(self, password_hash=password_hash, version=self.version + 1)

    def public(self) -> UserState:
        """What other services may know."""
        return UserState(id=self.id, email=self.email, version=self.version)

    def said(self) -> Said:
        """The event of the present state."""
        return Said(USER_CREATED, self.public())
