"""What auth refuses.

AppError
├── Invalid
│   ├── EmailInUse          400
│   └── InvalidCredentials  400  the same whether or not there is such an account
└── Unavailable
    └── Busy                503  too many passwords wait to be hashed
"""

from common.errors import Invalid, Unavailable


class EmailInUse(Invalid):
    code, sentence = "email-in-use", "Email in use: sign in with it, or take another one."


class InvalidCredentials(Invalid):
    code, sentence = "invalid-credentials", "Invalid credentials: the email address or the password is not right."


class Busy(Unavailable):
    code, sentence = "busy", "Too many people are signing in at this moment. Try again in a few seconds."
