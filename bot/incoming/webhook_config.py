"""WebhookConfig: where Telegram brings updates, and where we listen for them."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr


@dataclass(frozen=True)
class WebhookConfig:
    """Where Telegram brings updates, and where we listen for them."""

    url: str
    secret: SecretStr
    host: str = "127.0.0.1"
    port: int = 8443

    @property
    def path(self) -> str:
        """The only path there is."""
        return urlsplit(self.url).path or "/"
