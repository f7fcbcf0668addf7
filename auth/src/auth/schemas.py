"""What requests carry and answers give."""

from typing import Annotated, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field, StringConstraints

from common.identity import User as SignedIn
from common.web import PRINTABLE, Body

from .domain import User


def _normalised(email: str) -> str:
    """The one spelling of an address: lower case, and ASCII, which every mail server on the way understands."""
    try:
        # test_environment: the names reserved for trying things out (RFC 2606) are addresses, too
        found = validate_email(email, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    return str(found.ascii_email).lower()


Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), PRINTABLE, AfterValidator(_normalised)]
Password = Annotated[str, StringConstraints(min_length=8, max_length=128), PRINTABLE]


class SignUp(Body):
    """Who wants an account."""

    email: Email = Field(examples=["dana@example.com"])
    password: Password = Field(repr=False, examples=["correct horse battery"])


class SignIn(Body):
    """Who says to be somebody. A password that nobody could have is simply not right."""

    email: Email = Field(examples=["dana@example.com"])
    password: Annotated[str, StringConstraints(min_length=1, max_length=128), PRINTABLE] = Field(repr=False)


class UserOut(Body):
    """An account as its owner sees it."""

    id: str
    email: str

    @classmethod
    def of(cls, user: User) -> Self:
        """The account's public side."""
        return cls(id=user.id, email=user.email)


class Nothing(Body):
    """An empty object."""


class Somebody(Body):
    """Who is signed in, since when (`iat`, seconds since the epoch)."""

    id: str
    email: str
    iat: int


class CurrentUserOut(Body):
    """Who is asking; null for nobody."""

    current_user: Somebody | None

    @classmethod
    def of(cls, user: SignedIn | None) -> Self:
        """What the session says."""
        return cls(current_user=user and Somebody(id=user.id, email=user.email, iat=user.iat))
