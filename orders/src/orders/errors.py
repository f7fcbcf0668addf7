"""What orders refuses.

AppError
├── NotFound
│   └── NoSuchTicket     404
└── Invalid
    ├── AlreadyReserved  400
    ├── AlreadyYours     400
    ├── BeingPaid        400
    ├── AlreadyPaid      400
    ├── AlreadyExtended  400
    ├── NoLongerHeld     400
    └── NothingToExtend  400
"""

from common.errors import Invalid, NotFound


class NoSuchTicket(NotFound):
    code, sentence = "no-such-ticket", "This ticket is not for sale. It may have been taken down."


class AlreadyReserved(Invalid):
    code, sentence = "already-reserved", "Somebody else has reserved this ticket."


class AlreadyYours(Invalid):
    code, sentence = "already-yours", "You have reserved this ticket already: it is held for you."
    bought = "You have bought this ticket already."


class BeingPaid(Invalid):
    code, sentence = "being-paid", "This order is being paid, so it can no longer be cancelled."


class AlreadyPaid(Invalid):
    code, sentence = "already-paid", "This order is paid, so it can no longer be cancelled."


class AlreadyExtended(Invalid):
    code, sentence = "already-extended", "This reservation was made longer already, which is possible once."


class NoLongerHeld(Invalid):
    code, sentence = "no-longer-held", "This reservation has ended, so it can no longer be made longer."


class NothingToExtend(Invalid):
    code, sentence = "nothing-to-extend", "This order is paid or being paid: the ticket stays yours without more time."
