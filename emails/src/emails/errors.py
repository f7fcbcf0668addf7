"""What a mail server answers instead of yes.

AppError
├── MailRefused       for good: no later try would end otherwise
└── Unavailable
    └── MailDeferred  for now
"""

from common.errors import AppError, Unavailable


class MailRefused(AppError):
    code, status, sentence = "mail-refused", 502, "The mail server refuses this mail for good."


class MailDeferred(Unavailable):
    code, sentence = "mail-deferred", "The mail server does not take this mail now."
