"""Every environment variable of the shop."""

from pydantic import Field

from common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside those of every service."""

    auth_url: str = Field("http://127.0.0.1:3001", description="base URL of auth")
    tickets_url: str = Field("http://127.0.0.1:3002", description="base URL of tickets")
    orders_url: str = Field("http://127.0.0.1:3003", description="base URL of orders")
    payments_url: str = Field("http://127.0.0.1:3004", description="base URL of payments")
    stripe_js_url: str = Field("https://js.stripe.com/v3/", description="where the order page loads Stripe.js from")
    stripe_publishable_key: str = Field("pk_test_local", description="the key that Stripe.js is given")
    watch_templates: bool = Field(False, description="a changed template is seen at once, for whoever works on them")
    live_streams: int = Field(1000, ge=0, description="browsers that one process keeps up to date; others reload")
    currency: str = Field("usd", pattern="^[a-z]{3}$", description="the installation's currency")
