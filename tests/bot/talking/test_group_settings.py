import datetime as dt
from typing import Any

import pytest
from telegram import InlineKeyboardMarkup, Message

from bot.generating.voice_folders import VoiceFolders
from bot.languages import LANGUAGES, phrases
from bot.playground import faults
from bot.settings_buttons import change, key_of
from bot.settings_pages import Page, Shown, page
from bot.storage.settings import ChatSettings
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.generating.test_voices import ANA, checkpoint
from tests.bot.stage import Stage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
# What no button carries, and one that carries nothing.
NO_BUTTONS = (
    " temp temp, temp,4 temp,201 temp,x temp,-5 temp,² temp,٥٠ len,0 len,4001 len,99999999999 topp,0 topp,101 "
    "end,never change,asker press,me lang,xx voice,0 quiet, quiet,1 quiet,1440,0 quiet,a,b chime,101 "
    "cool,1441 nothing,1"
)
# How many characters a phone of common size shows on a button, by how many share the row.
WIDEST = {1: 37, 2: 16, 3: 9, 4: 6}
VOICES = ("parrot", "a name with ñ and spaces, of 32 ch")


def shown(settings: ChatSettings | None = None, *, private: bool = False, deaf: bool = False) -> Shown:
    return Shown(settings or ChatSettings(), phrases("en"), private, deaf, VOICES, NOON)


def keyboard_of(message: Message) -> InlineKeyboardMarkup:
    assert message.reply_markup is not None
    return message.reply_markup


async def opened(stage: Stage, chat: int, command: str = "/settings") -> Message:
    """The message of settings, as the page shows it."""
    await stage.ask(command, chat)
    return newest(stage, chat)


def newest(stage: Stage, chat: int) -> Message:
    messages = stage.playground.world.room(chat).messages
    return messages[max(messages)]


async def press(stage: Stage, chat: int, label: str, user: int | None = None) -> str | None:
    """Press the button of the newest message with this label, or whose label begins so; what the bot says to it."""
    message = newest(stage, chat)
    buttons = [button for row in keyboard_of(message).inline_keyboard for button in row]
    exact = [button for button in buttons if button.text in (label, f"✓ {label}")]
    (found,) = exact or [button for button in buttons if button.text.startswith(label)]
    pressed = await stage.playground.press(chat, message.message_id, str(found.callback_data), user or stage.you)
    return (await pressed.answer).text


def friend(stage: Stage) -> int:
    bot_id = stage.application.bot.id
    members = stage.playground.world.group.members
    return next(user for user, role in members.items() if role == "member" and user != bot_id)


# --- the keyboard ------------------------------------------------------------------------------------


async def test_a_setting_is_changed_in_one_message_and_logged(stage: Stage) -> None:
    message = await opened(stage, stage.group)
    await press(stage, stage.group, "🌡")
    await press(stage, stage.group, "0.8")
    await press(stage, stage.group, "◀")
    assert newest(stage, stage.group).message_id == message.message_id
    texts = [button.text for row in keyboard_of(newest(stage, stage.group)).inline_keyboard for button in row]
    assert "🌡 Temperature: 0.8" in texts
    assert (await stage.book.settings(stage.group)).temperature == 0.8
    (changed,) = await stage.changes(stage.group)
    assert (changed.name, changed.old, changed.new, changed.user_id) == ("temperature", "0.5", "0.8", stage.you)
    await press(stage, stage.group, "✖")
    assert newest(stage, stage.group).text == "The settings are closed. /settings opens them again."
    assert newest(stage, stage.group).reply_markup is None


async def test_steps_go_by_a_twentieth_and_stop_at_the_ends(stage: Stage) -> None:
    await opened(stage, stage.you)
    await press(stage, stage.you, "🌡")
    await press(stage, stage.you, "+")
    assert (await stage.book.settings(stage.you)).temperature == 0.55
    for value, label, end in ((2.0, "+", 2.0), (0.05, "−", 0.05)):
        await stage.ask(f"/temp {value}")
        await opened(stage, stage.you)
        await press(stage, stage.you, "🌡")
        await press(stage, stage.you, label)
        assert (await stage.book.settings(stage.you)).temperature == end


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_a_phone_beside_each_other(language: str) -> None:
    settings = ChatSettings(
        length=2_000, chime_in_percent=100, chime_in_cooldown=600, quiet_from=22 * 60, quiet_until=7 * 60
    )
    for name in ("main", "temp", "len", "topp", "end", "chime", "cool", "quiet", "change", "press", "lang", "voice"):
        shown_page = page(name, Shown(settings, phrases(language), False, True, VOICES, NOON))
        assert shown_page is not None
        for row in shown_page.rows:
            for choice in row:
                assert len(choice.label) <= WIDEST[len(row)], f"{name}: {choice.label}"


def test_a_length_looks_the_same_on_every_page() -> None:
    for name, label in (("main", "📏 Length: 2,000 characters"), ("len", "✓ 2,000")):
        made = page(name, shown(ChatSettings(length=2_000)))
        assert made is not None
        assert label in [choice.label for row in made.rows for choice in row]


async def test_buttons_survive_a_restart(stage: Stage) -> None:
    await opened(stage, stage.you)
    await press(stage, stage.you, "📏")
    await stage.restart()
    await press(stage, stage.you, "500")
    assert (await stage.book.settings(stage.you)).length == 500


async def test_the_language_of_a_chat_is_everybodys(stage: Stage) -> None:
    await opened(stage, stage.group)
    await press(stage, stage.group, "🌍")
    await press(stage, stage.group, "Español")
    assert (await stage.book.settings(stage.group)).language == "es"
    assert stage.playground.world.person(friend(stage)).language_code != "es"


async def test_in_private_nothing_is_offered_that_groups_alone_have(stage: Stage) -> None:
    message = await opened(stage, stage.you)
    labels = [button.text for row in keyboard_of(message).inline_keyboard for button in row]
    assert not any(label.startswith(("💬", "🔧", "👆", "🎙")) for label in labels)
    assert all(page(name, shown(private=True)) is None for name in ("chime", "change", "press", "cool", "quiet"))
    assert "🌍 Language: as in your Telegram" in labels


# --- who may -----------------------------------------------------------------------------------------


async def test_everybody_changes_how_it_talks_and_administrators_whether_unasked(stage: Stage) -> None:
    other = friend(stage)
    await opened(stage, stage.group)
    await press(stage, stage.group, "📏", other)
    await press(stage, stage.group, "50", other)
    assert (await stage.book.settings(stage.group)).length == 50
    await press(stage, stage.group, "◀", other)
    await press(stage, stage.group, "💬", other)
    refused = await press(stage, stage.group, "5 %", other)
    assert refused == "Only administrators of this group may do that."
    assert (await stage.book.settings(stage.group)).chime_in_percent == 0
    await press(stage, stage.group, "5 %")
    assert (await stage.book.settings(stage.group)).chime_in_percent == 5


async def test_administrators_may_keep_it_to_themselves_also_from_commands(stage: Stage) -> None:
    other = friend(stage)
    await opened(stage, stage.group)
    await press(stage, stage.group, "🔧")
    await press(stage, stage.group, "administrators")
    assert await press(stage, stage.group, "◀", other) == "Only administrators of this group may do that."
    for command in ("/temp 1", "/length 20"):
        assert await stage.ask(command, stage.group, other) == "Only administrators of this group may do that."
        assert "administrators" not in await stage.ask(command, stage.group)
    settings = await stage.book.settings(stage.group)
    assert (settings.temperature, settings.length) == (1, 20)


async def test_an_anonymous_administrator_counts(stage: Stage) -> None:
    await stage.book.change_settings(stage.occasion(1, NOON), temperature=0.5)
    other = friend(stage)
    await opened(stage, stage.group)
    await press(stage, stage.group, "🔧")
    await press(stage, stage.group, "administrators")
    await stage.playground.promote(stage.group, other, anonymous=True)
    assert await stage.ask("/temp 0.9", stage.group, other) == "The temperature is now 0.9. It was 0.5."
    change_of_nobody = (await stage.changes(stage.group))[-1]
    assert (change_of_nobody.name, change_of_nobody.user_id) == ("temperature", None)
    await opened(stage, stage.group)
    await press(stage, stage.group, "📏", other)
    await press(stage, stage.group, "100", other)
    assert (await stage.book.settings(stage.group)).length == 100


async def test_a_channels_posts_change_its_settings(stage: Stage) -> None:
    channel = stage.playground.world.add_group("News", [stage.playground.world.you], kind="channel").chat.id
    await stage.book.settings(channel)
    assert await stage.ask("/length 70", channel) == "I write 70 characters from now on. It was 300."


# --- privacy mode ------------------------------------------------------------------------------------


async def test_it_says_that_privacy_mode_keeps_messages_from_it(stage: Stage) -> None:
    playground, bot = stage.playground, stage.application.bot.id

    async def told() -> list[bool]:
        """Whether it says so at once, and where chiming in is asked for."""
        await opened(stage, stage.group)
        at_once = "Privacy mode is on" in (newest(stage, stage.group).text or "")
        await press(stage, stage.group, "💬")
        return [at_once, "Privacy mode keeps your messages from me" in (newest(stage, stage.group).text or "")]

    playground.privacy = True
    assert await told() == [True, True]
    await playground.promote(stage.group, bot)
    assert await told() == [False, False]
    await playground.demote(stage.group, bot)
    playground.privacy = False
    assert await told() == [False, False]


# --- voices ------------------------------------------------------------------------------------------


async def test_a_chat_chooses_its_voice(address: str, tmp_path: Any) -> None:
    ana = checkpoint(tmp_path / "voices" / "ana")
    loader = FakeLoader(FakeGenerator(), ana=FakeGenerator(weights=ANA))
    folders = VoiceFolders(tmp_path / "parrot", ((None, ana),))
    async with Stage(address, FakeGenerator(), loader=loader, voices=folders) as stage:
        await opened(stage, stage.you, "/voice")
        await press(stage, stage.you, "ana")
        await stage.ask("/seed hello")
        assert "I have: parrot, ana" in await stage.ask("/voice bea")
        assert await stage.ask("/voice PARROT") == "I talk like parrot from now on. Before, I talked like ana."
        await stage.ask("/seed hello")
        await stage.settled()
        first, second = await stage.prompts()
        assert first.asked.fingerprint == f"{ANA}/fake"
        assert second.asked.fingerprint == loader.generators[""].fingerprint
        assert first.answer.reply_text != second.answer.reply_text


async def test_one_voice_alone_is_named(stage: Stage) -> None:
    assert await stage.ask("/voice") == "I have only one voice here: parrot."


# --- the length --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["0", "-1", "4001", "many", "1e3", "٣٠٠x", "½", "9" * 400])
async def test_a_bad_length_is_refused_and_the_old_one_kept(stage: Stage, value: str) -> None:
    assert "It stays at 300." in await stage.ask(f"/length {value}")
    assert (await stage.book.settings(stage.you)).length == 300


async def test_the_length_is_shown_set_and_used(stage: Stage) -> None:
    assert "300" in await stage.ask("/length")
    assert await stage.ask("/length 1,000") == "I write 1,000 characters from now on. It was 300."
    await stage.ask("/seed a")
    await stage.settled()
    (prompt,) = await stage.prompts()
    assert prompt.asked.length == 1_000


# --- the pages themselves ---------------------------------------------------------------------------------


def choices(made: Page | None) -> list[str]:
    assert made is not None
    return [item.argument for row in made.rows for item in row]


NAMES = ("main", "temp", "len", "topp", "end", "chime", "cool", "quiet", "change", "press", "lang", "voice")


@pytest.mark.parametrize("name", NAMES)
def test_every_button_leads_to_a_page_or_sets_something(name: str) -> None:
    settings = ChatSettings(chime_in_percent=5, quiet_from=23 * 60, quiet_until=60)
    for argument in choices(page(name, shown(settings))):
        changed = change(argument, VOICES)
        if changed is None:
            assert argument == "close" or page(argument, shown(settings)) is not None
        else:
            assert changed[0] == name
            assert all(hasattr(settings, field) for field in changed[1])


@pytest.mark.parametrize("name", NAMES)
def test_every_button_fits_into_callback_data_and_a_phone(name: str) -> None:
    made = page(name, shown(ChatSettings(chime_in_percent=100, quiet_from=1439, quiet_until=1439)))
    assert made is not None
    assert all(len(item.argument) <= 22 for row in made.rows for item in row)
    assert all(len(item.label) * len(row) <= 48 for row in made.rows for item in row)


@pytest.mark.parametrize("argument", NO_BUTTONS.split(" "))
def test_what_no_button_says_sets_nothing(argument: str) -> None:
    assert change(argument, VOICES) is None


def test_a_voice_is_found_by_its_button_whatever_it_is_called() -> None:
    assert [change(f"voice,{key_of(name)}", VOICES) for name in VOICES] == [("voice", {"voice": n}) for n in VOICES]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_can_be_chosen(code: str) -> None:
    assert change(f"lang,{code}", VOICES) == ("lang", {"language": code})
    assert f"lang,{code}" in choices(page("lang", shown()))


async def test_a_press_that_fails_for_the_moment_hears_no_apology_and_is_done_at_the_next_attempt(stage: Stage) -> None:
    await opened(stage, stage.you)
    stage.playground.faults.add(faults.server_error(), method="editMessageText")
    assert not await press(stage, stage.you, "🌡")
    assert "0.5" in str(keyboard_of(newest(stage, stage.you)))
    assert len(stage.playground.faults) == 0
