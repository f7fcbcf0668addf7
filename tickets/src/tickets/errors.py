"""What tickets refuses.

AppError
└── Invalid
    ├── TicketReserved   400
    └── BadCursor        400
"""

from common.errors import Invalid


class TicketReserved(Invalid):
    code, sentence = "ticket-reserved", "This ticket is reserved or sold, so it cannot be changed or taken down."


class BadCursor(Invalid):
    code, sentence = "bad-cursor", "This cursor is not one that a page of tickets gave."
