"""The operator's commands: `python -m emails.commands retry`."""

from common.web import run_command

from .app import create_service
from .settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run_command("emails", settings, {"retry": lambda parts: create_service(settings, parts).retry()})
