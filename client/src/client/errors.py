"""What the shop refuses or cannot do.

AppError
├── Refused       what an API answered to this person's request: its status, code and sentences
├── SignInFirst   leads to the sign-in page and back
├── Taken         somebody reserved it a moment before
├── AlreadyYours  the person holds it already
├── CrossSite     403  a form that was not ours
├── OurFault      500
└── Unavailable
    ├── Silent    503  a service that does not answer
    └── Crowded   503  more people look at live pages than this process can tell
"""

from collections.abc import Sequence

from common.errors import AppError, FieldError, Unavailable


class Refused(AppError):
    """`answered` is the API's status, `reason` its problem's code."""

    def __init__(self, answered: int, reason: str, errors: Sequence[FieldError]) -> None:
        super().__init__(errors[0].message, field=errors[0].field)
        self.answered = answered
        self.reason = reason
        self.errors = tuple(errors)


class SignInFirst(AppError):
    code, status, sentence = "sign-in-first", 303, "Sign in first."

    def __init__(self, way_back: str) -> None:
        super().__init__()
        self.way_back = way_back


class Taken(AppError):
    code, status, sentence = "taken", 409, "Somebody reserved it a moment before you."


class AlreadyYours(AppError):
    """`order_id`: the order that holds it; empty where it lies far back."""

    code, status, sentence = "already-yours", 409, "You have reserved this ticket already."

    def __init__(self, order_id: str) -> None:
        super().__init__()
        self.order_id = order_id


class CrossSite(AppError):
    code, status, sentence = "cross-site", 403, "This form was sent from another site."


class OurFault(AppError):
    code, status, sentence = "internal", 500, "Something failed on our side. It has been noted."


class Silent(Unavailable):
    """The service named did not answer in time, or answered what nobody understands."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service


class Crowded(Unavailable):
    code, sentence = "crowded", "Too many pages are kept up to date just now. Reload this one to see what changed."
