"""What uvicorn loads: `uvicorn expiration.main:app`."""

from .app import create_app
from .settings import Settings

app = create_app(Settings())
