"""What goes wrong in expiration.

AppError
└── Unavailable
    └── TimerUnavailable   503  never answered to anybody: the schedule catches up later
"""

from common.errors import Unavailable


class TimerUnavailable(Unavailable):
    code, sentence = "timer-unavailable", "Redis does not answer; deadlines are scheduled when it does."
