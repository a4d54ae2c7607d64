"""A scripted evening, over two Telegrams with their limits: every command and every button does what it says."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from telegram import Message

from bot.app import ANSWER, BotConfig, running
from bot.context import BotApplication
from bot.generating.voice_folders import VoiceFolders
from bot.handlers.presses import NOT_YOURS
from bot.handlers.privacy import FORGOTTEN, FORGOTTEN_GROUP, KEPT, MORE
from bot.rules.access import Access
from bot.rules.etiquette import EtiquetteConfig
from bot.rules.rights import ADMINS_ONLY
from bot.storage.book import Book
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.prompts import Prompt, Prompts
from bot.storage.ratings import Rating, Ratings
from bot.storage.settings import ChatSettings
from tests.bot.evening.on_another import AnotherEvening
from tests.bot.evening.on_playground import PlaygroundEvening
from tests.bot.evening.quick_time import FASTER, run
from tests.bot.evening.seam import Evening, buttons
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.generating.test_voices import ANA, checkpoint

NOTHING_NEW = "message is not modified"  # a frame was answered too late, and so the text is said once more
LINES = tuple(f"Line number {number} was written by somebody, once upon a time." for number in range(20))


class Night:
    """One bot, one Telegram, and its database."""

    def __init__(
        self, telegram: Evening, generator: FakeGenerator, application: BotApplication, database: Database
    ) -> None:
        self.telegram = telegram
        self.generator = generator
        self.application = application
        self.database = database
        self.you, self.ana, self.bruno, self.chen, self.dora = telegram.people

    async def ask(self, chat: int, who: int, text: str, reply_to: Message | None = None, topic: int = 0) -> Message:
        """Somebody says something; the bot's answer, once it is whole."""
        mark = self.mark(chat)
        await self.telegram.say(chat, who, text, None if reply_to is None else reply_to.message_id, topic)
        return await self.answered(chat, mark)

    async def take(self, message: Message, label: str, who: int) -> Message:
        """A button that brings another message."""
        mark = self.mark(message.chat.id)
        assert await self.telegram.press(message, label, who) == ""
        return await self.answered(message.chat.id, mark)

    async def answered(self, chat: int, mark: int) -> Message:
        found = await self.telegram.until(chat, lambda message: message.message_id > mark and is_whole(message))
        await self.idle()
        (now,) = [each for each in self.telegram.messages(chat) if each.message_id == found.message_id]
        return now

    def mark(self, chat: int) -> int:
        return max((message.message_id for message in self.telegram.messages(chat)), default=0)

    async def shown(self, message: Message, where: Callable[[str], bool]) -> str:
        """What a message says, once it says that."""
        number = message.message_id
        now = await self.telegram.until(message.chat.id, lambda m: m.message_id == number and where(m.text or ""))
        return now.text or ""

    async def settings(self, chat: int) -> ChatSettings:
        return await Book(self.database).settings(chat)

    async def idle(self) -> None:
        """The bot has nothing more to do with anything that was said or pressed."""
        while self.telegram.untaken or len(self.application.bot_data.inbox):  # noqa: ASYNC110  neither tells anybody
            await asyncio.sleep(0.1)

    async def prompts(self) -> list[Prompt]:
        await self.idle()
        async with self.database.reading() as connection:
            return await Prompts(connection).page()

    async def ratings(self, *kinds: str) -> list[Rating]:
        ids = [prompt.id for prompt in await self.prompts()]
        async with self.database.reading() as connection:
            return [rating for rating in await Ratings(connection).of_prompts(ids) if rating.kind in kinds]


def is_whole(message: Message) -> bool:
    """Neither a reply that is being written, nor the question about consent."""
    asks_unasked = "Yes, keep them" in labels(message) and MORE not in (message.text or "")
    return "⏹ Stop" not in labels(message) and not asks_unasked


def labels(message: Message) -> list[str]:
    return [button.text for button in buttons(message)]


@pytest.mark.parametrize("make", [PlaygroundEvening, AnotherEvening])
def test_an_evening_in_a_group_of_five_and_in_private(
    make: Callable[[], Evening], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(evening(make(), tmp_path))
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def evening(telegram: Evening, folder: Path) -> None:
    generator = FakeGenerator()
    loader = FakeLoader(generator, lines=LINES, ana=FakeGenerator(weights=ANA))
    address = f"sqlite:///{folder / 'bot.sqlite'}"
    async with telegram, Database(address) as database:
        config = BotConfig(
            SecretStr(telegram.token),
            address,
            VoiceFolders(folder / "parrot", ((None, checkpoint(folder / "voices" / "ana")),)),
            api_base_url=telegram.api_base_url,
            access=Access(admins=frozenset({telegram.people[0]})),
            data_dir=folder,
            answer=ANSWER * FASTER,  # as long as ever, by the wall: the machine may be busy
            etiquette=EtiquetteConfig(0, 0),  # its minutes are those of the wall
            profile=False,
        )
        async with running(config, loader) as application:
            night = Night(telegram, generator, application, database)
            for part in (consent, replies, stopping, commands, settings_in_private, talk_in_group, rights_in_group):
                await part(night)
            for part in (chiming_in, a_duel, a_quiz, topics, elsewhere):
                await part(night)
            group = await moving(night)
            await silences(night, group)
            await forgetting(night, group)
            await night.idle()
        assert [each for each in telegram.refused if NOTHING_NEW not in each] == []


# --- in private -----------------------------------------------------------------------------------------


async def consent(night: Night) -> None:
    you = night.you
    assert "parrot made of numbers" in ((await night.ask(you, you, "/start")).text or "")
    await night.ask(you, you, "/seed hello")
    question = await night.telegram.until(you, lambda message: "Yes, keep them" in labels(message))
    assert await night.telegram.press(question, "Yes", you) == ""
    assert (await night.shown(question, bool)).startswith("Thank you")
    decided = await ConsentBook(night.database).decision(you)
    assert decided is not None
    assert decided.decision == "allowed"
    again = await night.ask(you, you, "/privacy")
    assert "You allowed me" in (again.text or "")
    assert await night.telegram.press(again, "No", you) == ""
    assert (await night.shown(again, bool)).startswith("Understood")


async def replies(night: Night) -> None:
    you = night.you
    first = await night.ask(you, you, "/seed Domingo")
    assert (first.text or "").startswith("Domingo")
    for label in ("▶", "🔁", "🔥", "❄"):
        await night.take(first, label, you)
    for words in ("Lunes", "/more", "/more and", "/again"):
        await night.ask(you, you, words)
    rows = (await night.prompts())[-9:]
    asked = [(row.asked.kind, row.asked.seed_text, row.asked.temperature) for row in rows]
    assert asked == [
        ("seed", "Domingo", 0.5),
        ("more", "", 0.5),
        ("again", "Domingo", 0.5),
        ("again", "Domingo", 0.7),
        ("again", "Domingo", 0.3),
        ("seed", "Lunes", 0.5),
        ("more", "", 0.5),
        ("more", "and", 0.5),
        ("again", "and", 0.5),
    ]
    went_on = [None if row.asked.continues_id is None else row.asked.continues_id - rows[0].id for row in rows]
    assert went_on == [None, 0, None, None, None, None, 5, 6, 6]
    assert {row.answer.outcome for row in rows} == {"answered"}
    assert [rating.kind for rating in await night.ratings("again", "warmer", "colder")][:3] == [
        "again",
        "warmer",
        "colder",
    ]


async def stopping(night: Night) -> None:
    you = night.you
    night.generator.pace = 0.01  # seconds of the wall for each character: there is time to press
    mark = night.mark(you)
    await night.telegram.say(you, you, "/seed Martes")
    growing = await night.telegram.until(you, lambda message: labels(message) == ["⏹ Stop"])
    assert await night.telegram.press(growing, "⏹", you) == ""
    stopped = await night.answered(you, mark)
    assert stopped.message_id == growing.message_id
    assert (stopped.text or "").startswith("Martes")
    assert (await night.prompts())[-1].answer.outcome == "stopped"
    night.generator.pace = 0


async def commands(night: Night) -> None:
    you = night.you

    async def said(text: str) -> str:
        answer = await night.ask(you, you, text)
        return answer.text or ""

    assert "is now 0.7. It was 0.5" in await said("/temp 0,7")
    assert "in this chat is 0.7" in await said("/temp")
    assert "It stays at 0.7" in await said("/temp seven")
    assert "80 characters from now on" in await said("/length 80")
    assert "80 characters here" in await said("/length")
    assert (await said("/seed Jueves")).startswith("Jueves")
    assert "Temperature 0.7, top-p 1, at most 80 characters" in await said("/why")
    picture = await night.ask(you, you, "/surprise Once upon a time")
    assert picture.photo
    assert "bits per character" in (picture.caption or "")
    chooser = await night.ask(you, you, "/voice")
    assert await night.telegram.press(chooser, "ana", you) == ""
    assert (await night.settings(you)).voice == "ana"
    assert "My voice here: ana" in await said("/about")
    assert "I talk like parrot from now on" in await said("/voice parrot")
    assert "/quiz" in await said("/help")
    assert (await night.ask(you, you, "/mydata")).document
    assert "prompts in the last 24 hours" in await said("/stats")
    assert "As before: parrot, ana" in await said("/reload")
    assert "don't know" in await said("/nonsense")


async def settings_in_private(night: Night) -> None:
    you = night.you
    page = await night.ask(you, you, "/settings")
    for name, value in (("🌡", "0.8"), ("📏", "200"), ("🎯", "0.9"), ("✂", "after a line"), ("🎙", "ana")):
        await night.telegram.press(page, name, you)
        await night.telegram.press(page, value, you)
        await night.telegram.press(page, "◀", you)
    for language, back in (("Español", "◀ Atrás"), ("English", "◀ Back")):
        await night.telegram.press(page, "🌍", you)
        await night.telegram.press(page, language, you)
        await night.telegram.press(page, back, you)
    await night.telegram.press(page, "✖", you)
    assert (await night.shown(page, bool)).startswith("The settings are closed")
    expected = ChatSettings(0.8, 0.9, 200, "line", language="en", voice="ana")
    assert await night.settings(you) == expected


# --- in the group ---------------------------------------------------------------------------------------


async def talk_in_group(night: Night) -> None:
    group, name = night.telegram.group, night.telegram.username
    first = await night.ask(group, night.bruno, "/seed Lunes")
    assert first.reply_to_message is None or first.reply_to_message.from_user is not None
    await night.ask(group, night.chen, "And then?", first)
    await night.ask(group, night.dora, f"🦜👨‍👩‍👧‍👦 @{name} Martes")
    await night.ask(group, night.dora, "thanks", await night.ask(group, night.dora, "/help"))
    one, two, three, four = (await night.prompts())[-4:]
    assert [(row.asked.kind, row.asked.seed_text) for row in (one, two, three, four)] == [
        ("seed", "Lunes"),
        ("reply", "\nAnd then?"),
        ("mention", "🦜👨‍👩‍👧‍👦 Martes"),
        ("reply", "thanks"),
    ]
    assert (two.asked.continues_id, four.asked.continues_id) == (one.id, None)
    assert await night.telegram.press(first, "▶", night.chen) == NOT_YOURS
    assert "random seed" in ((await night.ask(group, night.dora, "/why", first)).text or "")
    assert (await night.ask(group, night.dora, "/surprise", first)).photo
    heard = night.mark(group)
    await night.telegram.say(group, night.dora, "nobody asked you")
    await night.idle()
    assert night.mark(group) == heard


async def rights_in_group(night: Night) -> None:
    """Ana is an administrator, and then an anonymous one."""
    telegram, group, ana, bruno = night.telegram, night.telegram.group, night.ana, night.bruno
    await telegram.set_role(group, ana, "administrator")
    page = await night.ask(group, ana, "/settings")
    await telegram.press(page, "🔧", bruno)
    assert await telegram.press(page, "administrators", bruno) == ADMINS_ONLY
    assert await telegram.press(page, "administrators", ana) == ""
    assert (await night.ask(group, bruno, "/temp 1")).text == ADMINS_ONLY
    assert (await night.ask(group, bruno, "/length 20")).text == ADMINS_ONLY
    assert (await night.ask(group, bruno, "/voice ana")).text == ADMINS_ONLY
    await telegram.set_role(group, ana, "administrator", anonymous=True)
    assert "is now 0.9" in ((await night.ask(group, ana, "/temp 0.9")).text or "")
    assert "40 characters from now on" in ((await night.ask(group, ana, "/length 40")).text or "")
    page = await night.ask(group, ana, "/settings")
    for label in ("🔧", "everybody", "◀", "👆", "everybody", "◀"):
        assert await telegram.press(page, label, ana) == ""
    settings = await night.settings(group)
    assert (settings.who_may_change, settings.who_may_press) == ("everybody", "everybody")
    await night.take(await night.ask(group, bruno, "/seed Sunday"), "▶", night.chen)
    by = [row.asked.user_id for row in (await night.prompts())[-2:]]
    assert by == [bruno, night.chen]


async def chiming_in(night: Night) -> None:
    """Nobody but administrators may have it, and it takes that the bot may hear."""
    telegram, group, ana = night.telegram, night.telegram.group, night.ana
    page = await night.ask(group, ana, "/settings")
    assert await telegram.press(page, "💬", night.bruno) == ""
    await night.shown(page, lambda text: "Privacy mode keeps" in text)
    assert await telegram.press(page, "100 %", night.bruno) == ADMINS_ONLY
    await telegram.set_role(group, None, "administrator")
    for label in ("100 %", "⏳", "0 min", "◀", "🌙", "from 22:00", "never", "◀"):
        assert await telegram.press(page, label, ana) == ""
    assert "Privacy" not in await night.shown(page, bool)
    settings = await night.settings(group)
    assert (settings.chime_in_percent, settings.chime_in_cooldown, settings.quiet_from) == (100, 0, None)
    await night.ask(group, night.dora, "What a day")
    row = (await night.prompts())[-1]
    assert (row.asked.kind, row.asked.seed_text) == ("chime-in", "What a day")
    assert await telegram.press(page, "never", ana) == ""
    assert await telegram.press(page, "✖", ana) == ""
    heard = night.mark(group)
    await telegram.say(group, night.dora, "And what a night")
    await night.idle()
    assert night.mark(group) == heard


async def a_duel(night: Night) -> None:
    telegram, group = night.telegram, night.telegram.group
    duel = await night.ask(group, night.bruno, "/duel once upon a time")
    for who, side in ((night.chen, "🅱"), (night.chen, "🅰"), (night.ana, "🅰"), (night.dora, "🅱"), (night.you, "🅰")):
        assert await telegram.press(duel, side, who) == f"Your vote: {side}"
    assert await telegram.press(duel, "🏁", night.bruno) == ""
    result = await night.shown(duel, lambda text: "votes" in text)
    first, second = [row for row in await night.prompts() if row.asked.kind == "duel"]
    assert f"temperature {first.asked.temperature:g}: 3 votes" in result
    assert f"temperature {second.asked.temperature:g}: 1 vote" in result
    kept = f"The temperature in this chat is now {first.asked.temperature:g}."
    assert await telegram.press(duel, "Keep", night.bruno) == kept
    assert (await night.settings(group)).temperature == first.asked.temperature
    assert (await night.shown(duel, lambda text: kept in text)) != ""
    assert {rating.prompt_id for rating in await night.ratings("duel")} == {first.id, second.id}


async def a_quiz(night: Night) -> None:
    telegram, group = night.telegram, night.telegram.group
    quiz = await night.ask(group, night.chen, "/quiz")
    assert quiz.poll is not None
    real = next(place for place, option in enumerate(quiz.poll.options) if option.text in LINES)
    await telegram.vote(group, quiz.message_id, night.dora, real)
    await telegram.vote(group, quiz.message_id, night.bruno, (real + 1) % len(quiz.poll.options))
    following = await night.take(quiz, "▶", night.you)
    who = (await night.take(following, "🤖", night.you)).poll
    assert who is not None
    assert [option.text for option in who.options] == ["A human", "This machine"]
    top = (await night.ask(group, night.chen, "/top")).text or ""
    assert "Dora\u2069: 1 point" in top
    assert "Bruno" not in top
    assert await night.ratings("quiz")


async def topics(night: Night) -> None:
    """Each topic of a forum is a conversation of its own, the general one too, whose messages have no thread."""
    telegram, forum, bruno = night.telegram, night.telegram.forum, night.bruno
    places = (*telegram.topics, 0)
    first = {place: await night.ask(forum, bruno, f"/seed Topic {place}", topic=place) for place in places}
    began = (await night.prompts())[-len(places) :]
    for place, row in zip(places, began, strict=True):
        asked = [await night.ask(forum, bruno, text, topic=place) for text in ("/more", "/surprise Once", "/quiz")]
        asked.append(await night.ask(forum, bruno, "And then?", first[place], topic=place))
        asked.append(await night.ask(forum, night.dora, f"@{telegram.username} hello", topic=place))
        asked += [await night.take(first[place], label, bruno) for label in ("▶", "🔁", "🔥", "❄")]
        asked.append(await night.take(asked[2], "▶", night.chen))
        asked += [await night.ask(forum, bruno, text, topic=place) for text in ("/duel Once", "/settings", "/why")]
        assert [_topic(message) for message in (first[place], *asked)] == [place] * (1 + len(asked))
        assert asked[1].photo
        assert asked[2].poll
        rows = [each for each in await night.prompts() if each.asked.continues_id == row.id]
        assert [each.asked.kind for each in rows] == ["more", "reply", "more"]
        assert {each.asked.thread_id for each in rows} == {place or None}


def _topic(message: Message) -> int:
    return message.message_thread_id or 0 if message.is_topic_message else 0


async def elsewhere(night: Night) -> None:
    """Reactions, inline mode, guest mode."""
    telegram, you = night.telegram, night.you
    funny = await night.ask(telegram.group, night.bruno, "/seed Miércoles")
    await telegram.react(telegram.group, funny.message_id, night.dora, "🔥")
    assert [(rating.user_id, rating.value) for rating in await night.ratings("reaction")] == [(night.dora, "🔥")]
    offered = await telegram.offered(you, "Viernes")
    assert all(text.startswith("Viernes") for _, text in offered)
    assert len(offered) == 3
    await telegram.choose(you, "Viernes", offered[2][0])
    rows = (await night.prompts())[-3:]
    assert [(row.asked.kind, (row.answer.reply_text or "").strip()) for row in rows] == [
        ("inline", text) for _, text in offered
    ]
    assert [(rating.prompt_id, rating.value) for rating in await night.ratings("chosen")] == [(rows[2].id, "2")]
    await telegram.say(telegram.outside, you, f"@{telegram.username} Sábado")
    assert ((await telegram.until(telegram.outside, bool)).text or "").startswith("Sábado")
    assert (await night.prompts())[-1].asked.kind == "guest"


async def moving(night: Night) -> int:
    """The group becomes a supergroup, and everything goes along."""
    telegram, before = night.telegram, await night.settings(night.telegram.group)
    await night.ask(telegram.group, night.bruno, "/seed Ayer")
    last = (await night.prompts())[-1]
    group = await telegram.migrate(telegram.group)
    await night.idle()
    await night.ask(group, night.chen, "/more")
    row = (await night.prompts())[-1]
    assert (row.asked.chat_id, row.asked.continues_id, row.answer.outcome) == (group, last.id, "answered")
    assert await night.settings(group) == before
    assert "Dora\u2069: 1 point" in ((await night.ask(group, night.chen, "/top")).text or "")
    return group


async def silences(night: Night, group: int) -> None:
    """Muted, thrown out, blocked: not a word, and afterwards as before."""
    telegram = night.telegram
    for role in ("restricted", "left"):
        await telegram.set_role(group, None, role)
        await night.idle()
        heard = night.mark(group)
        if role == "restricted":
            await telegram.say(group, night.dora, "/seed unheard")
            await night.idle()
        assert night.mark(group) == heard
        await telegram.set_role(group, None, "member")
        await night.idle()
        assert ((await night.ask(group, night.dora, "/seed back")).text or "").startswith("back")
    await night.ask(night.chen, night.chen, "/start")
    await telegram.block(night.chen)
    await night.idle()
    assert await Book(night.database).left_at(night.chen) is not None
    assert ((await night.ask(night.chen, night.chen, "/seed back")).text or "").startswith("back")


async def forgetting(night: Night, group: int) -> None:
    telegram, you = night.telegram, night.you
    page = await night.ask(you, you, "/forget")
    assert await telegram.press(page, "No", you) == ""
    assert await night.shown(page, bool) == KEPT
    page = await night.ask(you, you, "/forget")
    assert await telegram.press(page, "Yes", you) == ""
    assert await night.shown(page, bool) == FORGOTTEN
    assert [row for row in await night.prompts() if row.asked.user_id == you] == []
    page = await night.ask(group, night.bruno, "/forget")
    assert await telegram.press(page, "Forget this group", night.bruno) == ADMINS_ONLY
    assert await telegram.press(page, "Forget this group", night.ana) == ""
    assert await telegram.press(page, "Yes", night.ana) == ""
    assert await night.shown(page, bool) == FORGOTTEN_GROUP
    assert [row for row in await night.prompts() if row.asked.chat_id == group] == []
