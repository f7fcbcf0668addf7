"""Every environment variable that auth reads."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, model_validator

from common.clock import now
from common.identity import Signer, Verifier
from common.settings import ServiceSettings, local_secret

_LOCAL_SEED = "bG9jYWwtdXNlLW9ubHktbG9jYWwtdXNlLW9ubHktMDA"  # base64url of "local-use-only-local-use-only-00"


class Settings(ServiceSettings):
    """Beside what every service reads."""

    jwt_private_key: SecretStr = local_secret(_LOCAL_SEED, "Ed25519 seed that signs sessions (base64url, 32 bytes raw)")
    token_lifetime_seconds: int = Field(7 * 24 * 3600, ge=60, description="how long somebody stays signed in")

    def signer(self) -> Signer:
        """What makes the session tokens."""
        return Signer(self.jwt_private_key.get_secret_value(), timedelta(seconds=self.token_lifetime_seconds))

    def verifying_keys(self) -> str:
        """The public keys of good sessions: JWT_PUBLIC_KEYS, or auth's own where that is empty."""
        return self.jwt_public_keys or self.signer().public_key

    @model_validator(mode="after")
    def _refuse_a_key_that_opens_nothing(self) -> Self:
        try:
            signer = self.signer()
        except ValueError as error:
            raise ValueError(f"JWT_PRIVATE_KEY cannot be used: {error}") from error
        try:
            verifier = Verifier(self.verifying_keys())
        except ValueError as error:
            raise ValueError(f"JWT_PUBLIC_KEYS cannot be used: {error}") from error
        if verifier.verify(signer.sign("nobody", "nobody", now())) is None:
            raise ValueError(f"JWT_PUBLIC_KEYS lacks {signer.public_key}, the public key of JWT_PRIVATE_KEY")
        return self
