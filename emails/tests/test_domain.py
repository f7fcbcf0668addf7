"""When a failed mail is tried again."""

from datetime import timedelta

from common.clock import now
from emails.domain import TRIES

from .factories import make_mail


def test_waits_double_up_to_a_quarter_of_an_hour_and_end_after_days() -> None:
    moment = now()
    waits = []
    for tries in range(TRIES):
        due = make_mail(tries=tries).next_try(moment)
        if due is not None:
            waits.append((due - moment).total_seconds())
    assert waits[:10] == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert set(waits[9:]) == {900}
    assert len(waits) == TRIES - 1
    assert timedelta(days=2.5) < timedelta(seconds=sum(waits)) < timedelta(days=4)
