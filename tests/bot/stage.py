"""Where tests talk with the bot: says things in the playground, delivers raw updates, reads the database."""

import asyncio
import datetime as dt
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from telegram import Message

from bot.app import ANSWER, LAST_REPLIES, BotConfig, running
from bot.context import BotApplication
from bot.generating.scheduler import PATIENCE
from bot.generating.voice_folders import VoiceFolders
from bot.incoming.webhook_config import WebhookConfig
from bot.observability.server import PagesConfig
from bot.playground import Playground
from bot.playground.calls import Call
from bot.privacy.terms import Terms
from bot.rules.access import Access
from bot.rules.etiquette import EtiquetteConfig
from bot.sending.budgets import UNLIMITED, Budgets
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.prompts import Prompt, Prompts
from bot.storage.settings_changes import SettingsChange, SettingsChanges
from bot.storage.users import User, Users
from tests.bot.fakes import FakeGenerator, FakeLoader

NOW = int(time.time())


class Stage:
    """A playground and a bot in it; `restart` gives the same world a new bot process."""

    def __init__(
        self,
        address: str,
        generator: FakeGenerator,
        access: Access | None = None,
        budgets: Budgets = UNLIMITED,  # so that a conversation takes no second between two messages
        patience: float = LAST_REPLIES,
        *,
        strangers: bool = False,
        terms: Terms | None = None,
        webhook: WebhookConfig | None = None,
        pages: PagesConfig | None = None,
        loader: FakeLoader | None = None,
        profile: bool = False,
        etiquette: EtiquetteConfig | None = None,
        voices: VoiceFolders | None = None,
        answer: float = ANSWER,
        engine_patience: float = PATIENCE,
        port: int = 0,
        data_dir: Path | None = None,
    ) -> None:
        """`strangers`: nobody was asked about consent before; otherwise everybody was, and did not answer.

        `loader`: finds other generators for other voices. `profile`: tell the server the menus, which takes a while.
        """
        self.address = address
        self.generator = generator
        self.playground = Playground(port=port)
        self.you = self.playground.world.you.id
        self.group = self.playground.world.group.chat.id
        self._access = access or Access()
        self._budgets = budgets
        self._patience = patience
        self.terms = terms or Terms()
        self._strangers = strangers
        self.profile = profile
        self._etiquette = etiquette or EtiquetteConfig(0, 0)
        self.webhook = webhook  # in force from the next start on
        self._pages = pages
        self.loader = loader or FakeLoader(generator)
        self._voices = voices or VoiceFolders(Path("parrot"))
        self._answer = answer
        self._engine_patience = engine_patience
        self._data_dir = data_dir or Path(address.removeprefix("sqlite:///")).parent
        self._update_id = 5_000_000
        self._stack = AsyncExitStack()
        self._bot = AsyncExitStack()
        self.application: BotApplication

    async def __aenter__(self) -> "Stage":
        await self._stack.enter_async_context(self.playground)
        self.database = await self._stack.enter_async_context(Database(self.address))
        await self.start()
        if not self._strangers:
            await self._ask_everybody()
        return self

    async def _ask_everybody(self) -> None:
        book, now = ConsentBook(self.database), dt.datetime.now(dt.UTC)
        for person in self.playground.world.people.values():
            async with self.database.writing() as connection:
                await Users(connection).see(User(person.id, person.full_name), now)
            await book.asked(person.id, self.terms.question(), now)

    async def __aexit__(self, *_: object) -> None:
        self.generator.gate.set()
        await self._bot.aclose()
        await self._stack.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """End the bot; the world goes on."""
        await self._bot.aclose()

    @property
    def config(self) -> BotConfig:
        """What the bot is told from its next start on."""
        return BotConfig(
            SecretStr(self.playground.token),
            self.address,
            self._voices,
            api_base_url=self.playground.api_base_url,
            access=self._access,
            budgets=self._budgets,
            patience=self._patience,
            data_dir=self._data_dir,
            terms=self.terms,
            webhook=self.webhook,
            profile=self.profile,
            etiquette=self._etiquette,
            pages=self._pages,
            answer=self._answer,
            engine_patience=self._engine_patience,
        )

    async def start(self) -> None:
        self.application = await self._bot.enter_async_context(running(self.config, self.loader))

    # --- talking ------------------------------------------------------------------------------------

    async def ask(self, text: str, chat: int | None = None, user: int | None = None) -> str:
        """Say something and wait for the bot's next message in that chat."""
        chat = self.you if chat is None else chat
        mark = self.playground.calls.mark()
        await self.playground.say(chat, self.you if user is None else user, text)
        return await self.next_text(chat, mark)

    async def say(self, text: str, chat: int | None = None) -> Message:
        """Say something, and wait until the bot has told the server that it has it."""
        message = await self.playground.say(self.you if chat is None else chat, self.you, text)
        await self.taken()
        return message

    async def taken(self) -> None:
        """The bot has told the server that it has all that was said."""
        while self.playground.updates.pending:  # noqa: ASYNC110  the queue tells nobody when it is empty
            await asyncio.sleep(0.01)

    async def idle(self) -> list[Prompt]:
        """The prompts, once the bot has nothing more to do with anything that was said or pressed."""
        while self.playground.updates.pending or len(self.application.bot_data.inbox):  # noqa: ASYNC110  as above
            await asyncio.sleep(0.01)
        return await self.prompts()

    async def next_text(self, chat: int, mark: int) -> str:
        call = await self.playground.calls.wait("sendMessage", chat_id=chat, after=mark)
        return str(call.text)

    async def settled(self, chat: int | None = None) -> None:
        """Everything said so far in the chat is done with: updates of a chat go in order."""
        chat = self.you if chat is None else chat
        mark = self.playground.calls.mark()
        await self.deliver({"text": "/help@cotorra_bot", "entities": [_command(17)]}, chat=chat)
        await self.playground.calls.wait("sendMessage", chat_id=chat, after=mark, where=_is_help)

    def sent(self, chat: int | None = None, after: int = 0) -> list[Call]:
        """The messages that the bot sent, but for the answers to `settled`."""
        found = self.playground.calls.of("sendMessage", chat_id=chat, after=after)
        return [call for call in found if not _is_help(call)]

    async def deliver(
        self,
        message: dict[str, Any],
        *,
        chat: int | None = None,
        kind: str = "message",
        update_id: int | None = None,
        anonymous: bool = False,
        date: int = NOW,
    ) -> int:
        """Hand the bot an update as Telegram might write it, past the poller; its update id."""
        chat = self.you if chat is None else chat
        if update_id is None:
            self._update_id += 1
            update_id = self._update_id
        person = {"id": self.you, "is_bot": False, "first_name": "You"}
        whole: dict[str, Any] = {"message_id": 77, "date": date, "chat": _chat(chat)}
        whole |= ({} if anonymous else {"from": person}) | message
        await self.application.bot_data.inbox.accept([{"update_id": update_id, kind: whole}])
        return update_id

    async def deliver_update(self, kind: str, content: dict[str, Any]) -> None:
        """Hand the bot an update that is no message."""
        self._update_id += 1
        await self.application.bot_data.inbox.accept([{"update_id": self._update_id, kind: content}])

    async def deliver_command(self, text: str, **how: Any) -> int:
        """A text that begins with a command."""
        length = len(text.split(maxsplit=1)[0])
        return await self.deliver({"text": text, "entities": [_command(length)]}, **how)

    # --- looking ------------------------------------------------------------------------------------

    async def prompts(self) -> list[Prompt]:
        async with self.database.reading() as connection:
            return await Prompts(connection).page()

    async def changes(self, chat: int | None = None) -> list[SettingsChange]:
        async with self.database.reading() as connection:
            return await SettingsChanges(connection).of_chat(self.you if chat is None else chat)

    @property
    def book(self) -> Book:
        return Book(self.database)

    def chat(self, chat_id: int) -> Chat:
        return Chat(chat_id, "private" if chat_id > 0 else "supergroup")

    def occasion(self, update_id: int, at: Any) -> Occasion:
        you = User(self.you, "You")
        return Occasion(self.application.bot.id, update_id, Chat(self.you, "private"), you, 77, at)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _command(length: int) -> dict[str, Any]:
    return {"type": "bot_command", "offset": 0, "length": length}


def _chat(chat: int) -> dict[str, Any]:
    if chat > 0:
        return {"id": chat, "type": "private", "first_name": "You"}
    return {"id": chat, "type": "supergroup", "title": "The Aviary"}


def _is_help(call: Call) -> bool:
    return "I continue your text" in (call.text or "")
