"""What Telegram shows of the bot: menus, descriptions, /help, /about; and what those who run it may ask."""

import re
from pathlib import Path

import pytest
from telegram import BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from bot.generating.voice_loader import Card
from bot.handlers import COMMANDS
from bot.incoming.polling import UpdatesBot
from bot.languages import LANGUAGES, phrases
from bot.menus import DESCRIPTION, MENU, OPERATOR, SHORT_DESCRIPTION, Place, commands
from bot.playground import Playground
from bot.playground.calls import Call
from bot.privacy.terms import Terms
from bot.profile import tell_profile
from bot.rules.access import Access
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.stage import Stage
from tests.other_telegram import OtherTelegram

YOU = Playground().world.you.id  # the same in every new world
PLACES: tuple[tuple[Place, BotCommandScope], ...] = (
    ("private", BotCommandScopeAllPrivateChats()),
    ("group", BotCommandScopeAllGroupChats()),
    ("operator", BotCommandScopeChat(YOU)),
)


async def told(stage: Stage, after: int = 0) -> None:
    """All of the profile was looked at; what comes last is a translation."""
    await stage.playground.calls.wait("getMyShortDescription", after=after, where=lambda call: _is_of("ru", call))


def _is_of(code: str, call: Call) -> bool:
    return call.parameters.get("language_code") == code


async def test_menus_depend_on_the_place_and_the_language(address: str) -> None:
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({YOU})), profile=True) as stage:
        await told(stage)
        bot = stage.application.bot
        for place, scope in PLACES:
            for code in LANGUAGES:
                offered = await bot.get_my_commands(scope, None if code == "en" else code)
                assert offered == commands(place, phrases(code))
        assert (await bot.get_my_description()).description == DESCRIPTION


async def test_what_is_told_already_is_not_told_again(address: str) -> None:
    async with Stage(address, FakeGenerator(), profile=True) as stage:
        await told(stage)
        mark = stage.playground.calls.mark()
        await stage.restart()
        await told(stage, mark)
        assert stage.playground.calls.of("setMyCommands", after=mark) == []
        assert stage.playground.calls.of("setMyDescription", after=mark) == []


async def test_what_the_operator_wrote_of_the_bot_stays(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        stage.playground.service.profile.set_text("description", "", "Ana's own parrot")
        stage.profile = True
        await stage.restart()
        await stage.playground.calls.wait("getMyDescription")
        await stage.playground.calls.wait("getMyShortDescription")
        assert (await stage.application.bot.get_my_description()).description == "Ana's own parrot"
        assert stage.playground.calls.of("setMyDescription") == []


def test_what_only_some_may_do_is_offered_to_them_alone() -> None:
    names = {place: [command.command for command in commands(place, phrases("en"))] for place, _ in PLACES}
    assert names["private"] == names["group"] == [name for name, _ in MENU]
    assert names["operator"] == [name for name, _ in (*MENU, *OPERATOR)]


def test_every_command_is_in_a_menu_and_whatever_a_menu_offers_is_a_command() -> None:
    """But for the one that Telegram itself offers, as a button, to whoever opens the chat."""
    assert sorted(name for name, _ in COMMANDS if name != "start") == sorted(name for name, _ in (*MENU, *OPERATOR))


@pytest.mark.parametrize("code", LANGUAGES)
def test_menus_and_descriptions_fit(code: str) -> None:
    say = phrases(code)
    assert all(1 <= len(say(description)) <= 256 for _, description in (*MENU, *OPERATOR))
    assert all(re.fullmatch("[a-z]{1,32}", name) for name, _ in (*MENU, *OPERATOR))
    assert len(say(DESCRIPTION)) <= 512
    assert len(say(SHORT_DESCRIPTION)) <= 120


@pytest.mark.parametrize("place", ["private", "group", "operator"])
async def test_help_names_what_the_menu_of_the_place_offers(address: str, place: Place) -> None:
    access = Access(admins=frozenset({YOU} if place == "operator" else ()))
    async with Stage(address, FakeGenerator(), access) as stage:
        text = await stage.ask("/help", stage.group if place == "group" else stage.you)
    offered = {command.command for command in commands(place, phrases("en"))} - {"help"}
    assert set(re.findall(r"/([a-z]+)", text)) == offered


async def test_what_the_menu_offers_in_a_group_is_answered_there(stage: Stage) -> None:
    for name, _ in MENU:  # a command that does not exist is met with silence in a group
        assert await stage.ask(f"/{name}", stage.group)


# --- /about ----------------------------------------------------------------------------------------------


class _CardLoader(FakeLoader):
    def card(self, path: Path) -> Card:
        return Card("0123456789abcdef" * 2, "1 × 512 LSTM", 103, "quijote", 2_000_000, "fedcba98" * 8, 1.567)


async def test_about_tells_the_voice_the_corpus_and_who_runs_it(address: str) -> None:
    terms = Terms(operator="Ana, ana@example.org")
    async with Stage(address, FakeGenerator(), loader=_CardLoader(FakeGenerator()), terms=terms) as stage:
        text = await stage.ask("/about")
    assert "My voice here: parrot" in text
    assert "Network: 1 × 512 LSTM, 103 characters" in text
    assert "Corpus: quijote, 2,000,000 characters, SHA-256 fedcba98fedcba98" in text
    assert "1.57 bits per character" in text
    assert "Run by Ana, ana@example.org." in text


async def test_about_is_in_one_language(address: str) -> None:
    async with Stage(address, FakeGenerator(), loader=_CardLoader(FakeGenerator())) as stage:
        stage.playground.world.set_language(stage.you, "es")
        text = await stage.ask("/about")
    assert "Red: 1 × 512 LSTM, 103 caracteres" in text
    assert "characters" not in text


async def test_about_leaves_out_what_nobody_knows(stage: Stage) -> None:
    text = await stage.ask("/about")
    assert "Corpus" not in text
    assert "Run by" not in text


# --- those who run it --------------------------------------------------------------------------------------


async def test_stats_are_for_those_who_run_the_bot(address: str) -> None:
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({YOU}))) as stage:
        await stage.ask("/seed a")
        await stage.settled()
        text = await stage.ask("/stats")
        assert text.startswith("1 prompt in the last 24 hours\nPeople: 1, chats: 1\nHalf of the replies came")
        assert "Up for 0:00" in text
        assert re.search(r"Memory: [\d,]+ MB", text)
        assert "Turns in hand: 0, waiting: 0, updates: 1" in text


@pytest.mark.parametrize("command", ["/stats", "/reload"])
async def test_for_everybody_else_there_is_no_such_command(stage: Stage, command: str) -> None:
    assert await stage.ask(command) == await stage.ask("/nonsense")
    mark = stage.playground.calls.mark()
    await stage.deliver_command(command, chat=stage.group)
    await stage.deliver_command(command, chat=stage.group, anonymous=True)
    await stage.settled(stage.group)
    assert stage.sent(stage.group, mark) == []


async def test_a_reload_says_what_was_loaded(address: str) -> None:
    loader = FakeLoader(FakeGenerator())
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({YOU})), loader=loader) as stage:
        assert await stage.ask("/reload") == "As before: parrot"
        loader.generators[""] = FakeGenerator(weights="b" * 32)
        assert await stage.ask("/reload") == "Changed: parrot"
        await stage.ask("/seed a")
        await stage.settled()
        (prompt,) = await stage.prompts()
        assert prompt.asked.fingerprint == "b" * 32 + "/fake"


class Nodding(OtherTelegram):
    """Says yes to whatever it does not know."""

    async def do_getMyCommands(self, given: dict[str, str]) -> bool:  # noqa: N802
        return True


async def test_a_server_that_knows_no_menus_is_no_reason_to_end(caplog: pytest.LogCaptureFixture) -> None:
    async with Nodding() as server, UpdatesBot(server.token, f"{server.api_base_url}/bot") as bot:
        await tell_profile(bot, [])
    assert "were not set: TypeError" in caplog.text
