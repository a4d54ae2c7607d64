"""The only reader of the environment: every setting, its default and its meaning.

Secrets are SecretStr: no message, log line or table shows their value.
"""

import datetime as dt
import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from platformdirs import user_data_dir
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsError
from model.generator import STARTER

TELEGRAM = "https://api.telegram.org"


def _api_base_url(value: str) -> str:
    """The address without `/bot` and the last slash; ValueError for what shows the token to others."""
    url = value.strip().rstrip("/").removesuffix("/bot").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address such as https://api.telegram.org")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("https, or plain http to this machine alone, since the token is part of every request")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _chat_ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return frozenset(int(part) for part in value.replace(",", " ").split())
    except ValueError:
        raise ValueError("chat ids such as -1001234567890, separated by commas") from None


def _minutes(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        minutes = float(value)
        if not 0 < minutes <= 24 * 60:
            raise ValueError
    except ValueError:
        raise ValueError("minutes, more than 0 and at most 1440, since Telegram keeps nothing longer") from None
    return dt.timedelta(minutes=minutes)


def _database_url(value: object) -> object:
    if isinstance(value, str) and value and "://" not in value:
        raise ValueError("an address such as sqlite:////srv/cotorra.sqlite or postgresql://user@host/cotorra")
    return value or None


def _token(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[A-Za-z0-9:_-]*", value.strip()):
        raise ValueError("a token as @BotFather gives it, such as 123456789:AAH…")
    return value.strip() or None


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class Settings(BaseSettings):
    """What the operator may set, in the environment or in a file `.env` in the current folder."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    token: Annotated[SecretStr | None, BeforeValidator(_token)] = Field(
        None,
        validation_alias="TELEGRAM_BOT_TOKEN",
        description="The token that @BotFather gave you; for `cotorra run`.",
    )
    database_url: Annotated[SecretStr | None, BeforeValidator(_database_url)] = Field(
        None,
        validation_alias="DATABASE_URL",
        description="Where chats, settings and prompts are kept: `sqlite:///…` or `postgresql://…`.",
        json_schema_extra={"shown": "`cotorra.sqlite` in the data folder"},
    )
    checkpoint: Path = Field(
        STARTER,
        validation_alias="COTORRA_CHECKPOINT",
        description="The folder that `cotorra train` wrote.",
        json_schema_extra={"shown": "the starter in the package"},
    )
    engine: Literal["auto", "litert", "tensorflow"] = Field(
        "auto",
        validation_alias="COTORRA_ENGINE",
        description="`litert`, `tensorflow` or `auto`: TensorFlow where a GPU is visible, else LiteRT.",
    )
    api_base_url: Annotated[str, BeforeValidator(_api_base_url)] = Field(
        TELEGRAM,
        validation_alias="COTORRA_API_BASE_URL",
        description="The Bot API server; plain http only on this machine.",
    )
    allowed_chats: Annotated[frozenset[int], NoDecode, BeforeValidator(_chat_ids)] = Field(
        frozenset(),
        validation_alias="COTORRA_ALLOWED_CHATS",
        description="Ids of the chats that may use the bot, separated by commas; empty: everybody.",
        json_schema_extra={"shown": "everybody"},
    )
    age_limit: Annotated[dt.timedelta, BeforeValidator(_minutes)] = Field(
        dt.timedelta(hours=1),
        validation_alias="COTORRA_AGE_LIMIT",
        description="Minutes after which a message is too old to be answered, as after a long time off.",
        json_schema_extra={"shown": "60"},
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(user_data_dir("cotorra")),
        validation_alias="COTORRA_DATA_DIR",
        description="The data folder, for the databases.",
        json_schema_extra={"shown": "the system's own place for a user's data"},
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", validation_alias="COTORRA_LOG_LEVEL", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )

    def database(self, file_name: str = "cotorra.sqlite") -> str:
        """The database's address: DATABASE_URL, else a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{quote(str(self.data_dir.expanduser() / file_name))}"


def read_settings(**values: Any) -> Settings:
    """The settings of the environment, with the given variables in place of what is there.

    Raises SettingsError, which names the variable, what was expected and (unless it is a secret) what came.
    """
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"expected UTF-8 in .env, got byte {error.start}: save the file as UTF-8") from None


def settings_table() -> str:
    """The README's table of settings, in Markdown."""
    rows = [
        f"| `{field.validation_alias}` | {_shown_default(field)} | {field.description} |"
        for field in Settings.model_fields.values()
    ]
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


def _shown_default(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "shown" in extra:
        return str(extra["shown"])
    return "" if field.default is None else f"`{field.default}`"


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    context = first.get("ctx", {})
    expected = str(context.get("error") or context.get("expected") or first["msg"]).removeprefix("Input should be ")
    field = next(field for field in Settings.model_fields.values() if field.validation_alias == name)
    secret = "SecretStr" in str(field.annotation)
    came = "" if secret else f", got {str(first['input'])[:60]!r}"
    return f"{name}: expected {expected}{came}; mend it in the environment or in .env"
