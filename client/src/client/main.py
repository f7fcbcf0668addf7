"""What uvicorn loads: `uvicorn client.main:app`."""

from .app import create_app
from .settings import Settings

app = create_app(Settings())
