"""The only reader of the environment: every setting, its default and its meaning.

Secrets are SecretStr: no message, log line or table shows their value.
"""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from platformdirs import user_data_dir
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot import setting_values as values
from bot.errors import SettingsError
from bot.generating.voice_folders import VoiceFolders
from bot.incoming.webhook_config import WebhookConfig
from bot.observability.redaction import Redaction
from bot.privacy.terms import PURPOSE, Terms
from bot.rules.access import Access
from bot.rules.etiquette import EtiquetteConfig
from model.generator import STARTER

TELEGRAM = "https://api.telegram.org"


class Settings(BaseSettings):
    """What the operator may set, in the environment or in a file `.env` in the current folder."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    token: Annotated[SecretStr | None, BeforeValidator(values.token)] = Field(
        None,
        validation_alias="TELEGRAM_BOT_TOKEN",
        description="The token that @BotFather gave you; for `cotorra run`.",
    )
    database_url: Annotated[SecretStr | None, BeforeValidator(values.database_url)] = Field(
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
    voices: Annotated[tuple[tuple[str | None, Path], ...], NoDecode, BeforeValidator(values.voices)] = Field(
        (),
        validation_alias="COTORRA_VOICES",
        description="More checkpoints, for chats to choose from with `/voice`: `name=folder` pairs, or folders of "
        "checkpoints, separated by commas.",
        json_schema_extra={"shown": ""},
    )
    engine: Literal["auto", "litert", "tensorflow"] = Field(
        "auto",
        validation_alias="COTORRA_ENGINE",
        description="`litert`, `tensorflow` or `auto`: TensorFlow where a GPU is visible, else LiteRT.",
    )
    api_base_url: Annotated[str, BeforeValidator(values.api_base_url)] = Field(
        TELEGRAM,
        validation_alias="COTORRA_API_BASE_URL",
        description="The Bot API server; plain http only on this machine.",
    )
    admins: Annotated[frozenset[int], NoDecode, BeforeValidator(values.ids("123456789"))] = Field(
        frozenset(),
        validation_alias="COTORRA_ADMIN_IDS",
        description="Ids of the people who run the bot, separated by commas; names, which change hands, do not count.",
        json_schema_extra={"shown": "nobody"},
    )
    allowed_chats: Annotated[frozenset[int], NoDecode, BeforeValidator(values.ids("-1001234567890"))] = Field(
        frozenset(),
        validation_alias="COTORRA_ALLOWED_CHATS",
        description="Ids of the chats that may use the bot, separated by commas.",
        json_schema_extra={"shown": "everybody, if there are no allowed users either"},
    )
    allowed_users: Annotated[frozenset[int], NoDecode, BeforeValidator(values.ids("123456789"))] = Field(
        frozenset(),
        validation_alias="COTORRA_ALLOWED_USERS",
        description="Ids of the people who may use the bot in any chat, separated by commas.",
        json_schema_extra={"shown": "everybody, if there are no allowed chats either"},
    )
    webhook_url: Annotated[str | None, BeforeValidator(values.webhook_url)] = Field(
        None,
        validation_alias="COTORRA_WEBHOOK_URL",
        description="Where Telegram brings updates: `https://…`, a proxy's address; without it, the bot fetches them.",
    )
    webhook_secret: Annotated[SecretStr | None, BeforeValidator(values.webhook_secret)] = Field(
        None,
        validation_alias="COTORRA_WEBHOOK_SECRET",
        description="What Telegram has to know to bring updates; required with the webhook.",
    )
    webhook_host: str = Field(
        "127.0.0.1",
        validation_alias="COTORRA_WEBHOOK_HOST",
        description="The address of this machine where the proxy finds the bot.",
    )
    webhook_port: int = Field(
        8443, ge=0, le=65535, validation_alias="COTORRA_WEBHOOK_PORT", description="The port there."
    )
    metrics_port: Annotated[int | None, BeforeValidator(values.nothing)] = Field(
        None,
        ge=0,
        le=65535,
        validation_alias="COTORRA_METRICS_PORT",
        description="Serves `/metrics`, `/healthz` and the policy at `/privacy` at this port; without it, none.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        validation_alias="COTORRA_METRICS_HOST",
        description="The address of this machine for them; in a container `0.0.0.0`.",
    )
    age_limit: Annotated[dt.timedelta, BeforeValidator(values.minutes)] = Field(
        dt.timedelta(hours=1),
        validation_alias="COTORRA_AGE_LIMIT",
        description="Minutes after which a message is too old to be answered, as after a long time off.",
        json_schema_extra={"shown": "60"},
    )
    person_limit: Annotated[int, BeforeValidator(values.requests)] = Field(
        EtiquetteConfig().per_person,
        validation_alias="COTORRA_PERSON_LIMIT",
        description="Requests a minute that one person may make; 0 for any number.",
    )
    chat_limit: Annotated[int, BeforeValidator(values.requests)] = Field(
        EtiquetteConfig().per_chat,
        validation_alias="COTORRA_CHAT_LIMIT",
        description="Requests a minute that may come from one group; 0 for any number.",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(user_data_dir("cotorra")),
        validation_alias="COTORRA_DATA_DIR",
        description="The data folder, for the databases.",
        json_schema_extra={"shown": "the system's own place for a user's data"},
    )
    retention_days: Annotated[int, BeforeValidator(values.days)] = Field(
        30,
        validation_alias="COTORRA_RETENTION_DAYS",
        description="Days after which words that nobody allowed to be kept are erased; 0 is within the hour.",
    )
    purpose: Annotated[str, BeforeValidator(values.line)] = Field(
        PURPOSE,
        validation_alias="COTORRA_PURPOSE",
        description="What the words of those who allow it are kept for: the end of a sentence that people are shown.",
    )
    operator: Annotated[str, BeforeValidator(values.line)] = Field(
        "", validation_alias="COTORRA_OPERATOR", description="Who runs the bot and how to reach them; for `/privacy`."
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(values.upper)] = Field(
        "INFO", validation_alias="COTORRA_LOG_LEVEL", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_format: Annotated[Literal["human", "json"], BeforeValidator(values.lower)] = Field(
        "human", validation_alias="COTORRA_LOG_FORMAT", description="`human`, or `json`: an object a line."
    )
    log_prompts: bool = Field(
        False,
        validation_alias="COTORRA_LOG_PROMPTS",
        description="Whether what people write may stand in the log; tokens and passwords never do.",
    )

    @property
    def secrets(self) -> list[str]:
        """What must stand in no log line."""
        found = (self.token, self.database_url, self.webhook_secret)
        return [secret.get_secret_value() for secret in found if secret is not None]

    @property
    def access(self) -> Access:
        """Who may use the bot and who runs it."""
        return Access(self.allowed_chats, self.allowed_users, self.admins)

    @property
    def terms(self) -> Terms:
        """What people are told about their words, and what is done with them."""
        return Terms(self.retention_days, self.purpose, self.operator)

    @property
    def etiquette(self) -> EtiquetteConfig:
        """How many requests are answered."""
        return EtiquetteConfig(self.person_limit, self.chat_limit)

    @property
    def voice_folders(self) -> VoiceFolders:
        """Where the voices are."""
        return VoiceFolders(self.checkpoint, self.voices)

    def database(self, file_name: str = "cotorra.sqlite") -> str:
        """The database's address: DATABASE_URL, else a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{quote(str(self.data_dir.expanduser() / file_name))}"


def read_settings(**variables: Any) -> Settings:
    """The settings of the environment, with the given variables in place of what is there.

    Raises SettingsError, which names the variable, what was expected and (unless it is a secret) what came.
    """
    try:
        return Settings(**variables)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"expected UTF-8 in .env, got byte {error.start}: save the file as UTF-8") from None


def webhook_config(settings: Settings) -> WebhookConfig | None:
    """Where updates are brought; None where the bot fetches them. Raises SettingsError without a secret."""
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret is None:
        raise SettingsError(
            "COTORRA_WEBHOOK_SECRET: expected a secret with COTORRA_WEBHOOK_URL, got nothing; "
            "without one anybody could bring updates: make one with openssl rand -hex 32"
        )
    return WebhookConfig(settings.webhook_url, settings.webhook_secret, settings.webhook_host, settings.webhook_port)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    context = first.get("ctx", {})
    expected = str(context.get("error") or context.get("expected") or first["msg"]).removeprefix("Input should be ")
    field = next(field for field in Settings.model_fields.values() if field.validation_alias == name)
    secret = "SecretStr" in str(field.annotation)
    came = "" if secret else f", got {Redaction()(str(first['input']))[:60]!r}"  # a token may stand in the wrong place
    return f"{name}: expected {expected}{came}; mend it in the environment or in .env"
