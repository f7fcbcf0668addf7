"""The operator's commands: `python -m payments.commands announce`."""

from common.web import run_command

from .app import create_service
from .settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run_command("payments", settings, {"announce": lambda parts: create_service(settings, parts).announce()})
