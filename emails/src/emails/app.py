"""The one place that builds and joins the parts of emails."""

import ssl

from fastapi import FastAPI

from common.identity import Verifier
from common.outbox import Sweeper
from common.web import Parts, create_base_app

from .letters import Letters
from .listeners import SUBSCRIPTIONS
from .sender import Sender
from .service import Emails
from .settings import Settings
from .smtp_sender import MailServer, SmtpSender
from .store import MailStore


def create_service(settings: Settings, parts: Parts, sender: Sender | None = None) -> Emails:
    """The use cases on these parts, without ears or sweeper: what the operator's commands need."""
    store = MailStore(parts.database)
    parts.index(store.indexes)
    return Emails(store, Letters(settings.public_url), sender or _smtp(settings, parts), parts.clock)


def create_app(settings: Settings, parts: Parts | None = None, sender: Sender | None = None) -> FastAPI:
    """The service; a test hands in fake parts. Nobody asks it anything over HTTP but how it does."""
    parts = parts or Parts.real("emails", settings)
    emails = create_service(settings, parts, sender)
    parts.listen(SUBSCRIPTIONS, emails)
    sweeper = Sweeper("mails", emails.send_due, settings.sweep_interval_seconds)
    emails.on_due(sweeper.kick)
    parts.add(sweeper)
    return create_base_app(
        settings,
        name="emails",
        routers=[],
        service=emails,
        parts=parts,
        verifier=Verifier(settings.jwt_public_keys, parts.clock),
        checks=parts.checks,
    )


def _smtp(settings: Settings, parts: Parts) -> SmtpSender:
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_username,
        settings.smtp_password.get_secret_value(),
        ssl.create_default_context(),
    )
    return SmtpSender(server, settings.mail_from, parts.clock)
