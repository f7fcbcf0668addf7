"""The two strangers that a local stack plays itself: Stripe, and a mail server."""

import sys

from .layout import REPOSITORY, Layout
from .part import Part
from .probes import http_answers


def stripe(layout: Layout, port: int, webhook_url: str, webhook_secret: str) -> Part:
    """Payment intents, cards and refunds, with no money; what happens to them is sent to `webhook_url`."""
    data = layout.data("stripe") / "state.json"
    command = (sys.executable, "-m", "infra.local.stripe", "--port", str(port), "--data", str(data))
    webhooks = ("--webhook-url", webhook_url, "--webhook-secret", webhook_secret)
    return Part("stripe", (*command, *webhooks), ready=http_answers(port, "/livez"), env=_importable())


def mail(layout: Layout, http: int, smtp: int) -> Part:
    """Takes every mail and shows it on a page."""
    command = (sys.executable, "-m", "infra.local.mail", "--http-port", str(http), "--smtp-port", str(smtp))
    return Part(
        "mail",
        (*command, "--data", str(layout.data("mail"))),
        ready=http_answers(http, "/livez"),
        env=_importable(),
    )


def _importable() -> dict[str, str]:
    return {"PYTHONPATH": str(REPOSITORY)}
