import re
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, read_settings, webhook_config
from bot.storage.database import parse_url
from model.generator import STARTER
from tests.readme import settings_table

SECRET = "123456789:AAHsecretsecretsecretsecretsecretse"


def test_the_defaults_need_nothing() -> None:
    settings = read_settings(COTORRA_DATA_DIR="/srv/data")
    assert settings.checkpoint == STARTER
    assert settings.database() == "sqlite:////srv/data/cotorra.sqlite"
    assert settings.database("demo.sqlite") == "sqlite:////srv/data/demo.sqlite"


def test_a_database_that_is_named_is_used_by_all() -> None:
    assert read_settings(DATABASE_URL="sqlite:////x.sqlite").database("demo.sqlite") == "sqlite:////x.sqlite"


def test_voices_are_named_or_found_in_a_folder() -> None:
    assert read_settings().voice_folders.others == ()
    voices = read_settings(COTORRA_VOICES="Ana=/srv/ana, /srv/more,").voices
    assert voices == (("Ana", Path("/srv/ana")), (None, Path("/srv/more")))


@pytest.mark.parametrize("name", ["a folder", "what?", "50%20", "ñandú", "#1"])
def test_the_data_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    address = read_settings(COTORRA_DATA_DIR=str(tmp_path / name)).database()
    assert parse_url(address).database == str(tmp_path / name / "cotorra.sqlite")


@pytest.mark.parametrize("text", ["https://example.org", "https://example.org/", "https://example.org/bot/"])
def test_the_server_may_be_named_with_or_without_bot(text: str) -> None:
    assert read_settings(COTORRA_API_BASE_URL=text).api_base_url == "https://example.org"


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost", "[::1]:80"])
def test_plain_http_goes_to_this_machine(host: str) -> None:
    assert read_settings(COTORRA_API_BASE_URL=f"http://{host}").api_base_url == f"http://{host}"


@pytest.mark.parametrize("text", ["http://example.org", "ftp://localhost", "localhost", "http://127.0.0.1.example.org"])
def test_no_token_travels_in_the_clear(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^COTORRA_API_BASE_URL: expected "):
        read_settings(COTORRA_API_BASE_URL=text)


def test_chats_are_listed_with_commas_or_spaces() -> None:
    assert read_settings(COTORRA_ALLOWED_CHATS="-100, 5 6").allowed_chats == {-100, 5, 6}
    assert read_settings(COTORRA_ALLOWED_CHATS="").allowed_chats == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COTORRA_ENGINE", "torch"),
        ("COTORRA_LOG_LEVEL", "LOUD"),
        ("COTORRA_ALLOWED_CHATS", "family"),
        ("COTORRA_ADMIN_IDS", "@ana"),
        ("COTORRA_ALLOWED_USERS", "1,ana"),
        ("COTORRA_WEBHOOK_URL", "http://example.org/hook"),
        ("COTORRA_WEBHOOK_URL", "https://"),
        ("COTORRA_WEBHOOK_URL", "https://example.org/hook?x=1"),
        ("COTORRA_METRICS_PORT", "99999"),
        ("COTORRA_LOG_FORMAT", "xml"),
        ("COTORRA_VOICES", "ana="),
        ("COTORRA_PERSON_LIMIT", "-1"),
        ("COTORRA_CHAT_LIMIT", "many"),
        ("COTORRA_VOICES", "ana=/srv/a,ana=/srv/b"),
    ],
)
def test_an_error_names_the_variable_and_what_came(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected .*got {re.escape(repr(value))}"):
        read_settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", f"{SECRET} oops"),
        ("DATABASE_URL", "my-password"),
        ("COTORRA_WEBHOOK_SECRET", "hush hush"),
        ("COTORRA_ADMIN_IDS", SECRET),
        ("COTORRA_LOG_LEVEL", SECRET),
        ("COTORRA_API_BASE_URL", f"http://api.telegram.org/bot{SECRET}"),
        ("COTORRA_WEBHOOK_URL", "https://me:hush-hush@example.org/?hook"),
    ],
)
def test_an_error_never_shows_a_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected ") as caught:
        read_settings(**{name: value})
    assert value not in str(caught.value)
    assert not re.search("AAHs|hush", str(caught.value), re.IGNORECASE)
    assert caught.value.__cause__ is None


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(SettingsError, match=r"^COTORRA_WEBHOOK_SECRET: expected a secret"):
        webhook_config(read_settings(COTORRA_WEBHOOK_URL="https://example.org/hook", COTORRA_WEBHOOK_SECRET=" "))
    assert webhook_config(read_settings(COTORRA_WEBHOOK_SECRET="s3cret")) is None
    config = webhook_config(read_settings(COTORRA_WEBHOOK_URL="https://example.org/hook", COTORRA_WEBHOOK_SECRET="s3"))
    assert config is not None
    assert (config.path, config.host, config.port) == ("/hook", "127.0.0.1", 8443)


def test_every_secret_is_known_to_the_log() -> None:
    settings = read_settings(TELEGRAM_BOT_TOKEN=SECRET, DATABASE_URL="sqlite:////x", COTORRA_WEBHOOK_SECRET="hush-hush")
    assert settings.secrets == [SECRET, "sqlite:////x", "hush-hush"]
    kept = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    assert len(kept) == 3


def test_settings_shown_hide_the_secrets() -> None:
    settings = read_settings(TELEGRAM_BOT_TOKEN=SECRET, DATABASE_URL="postgresql://me:hush@host/db")
    assert SECRET not in repr(settings)
    assert "hush" not in repr(settings)


def test_a_dot_env_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COTORRA_ENGINE=litert\nSOMETHING_ELSE=1\n", encoding="utf-8")
    assert read_settings(_env_file=tmp_path / ".env").engine == "litert"


def test_the_table_has_a_row_with_a_meaning_for_every_setting() -> None:
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(Settings.model_fields)
    assert all(row.count("|") == 4 and row.split("|")[3].strip() not in ("", "None") for row in rows)


@pytest.mark.parametrize(("text", "days"), [("0", 0), (" 7 ", 7), ("36500", 36_500)])
def test_a_retention_is_a_number_of_days(text: str, days: int) -> None:
    assert read_settings(COTORRA_RETENTION_DAYS=text).retention_days == days


@pytest.mark.parametrize("text", ["-1", "", "forever", "1.5", "36501", "٣"])
def test_a_retention_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^COTORRA_RETENTION_DAYS: expected a whole number of days from 0 "):
        read_settings(COTORRA_RETENTION_DAYS=text)
