"""What uvicorn loads: `uvicorn payments.main:app`."""

from .app import create_app
from .settings import Settings

app = create_app(Settings())
