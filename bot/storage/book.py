"""What a conversation writes down; each method is one transaction over the tables it concerns."""

import ast
import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import machine_time
from bot.storage.chats import Chat, Chats
from bot.storage.consents import Consents
from bot.storage.database import Database
from bot.storage.migration import move_chat, move_prompts, redirect
from bot.storage.prompts import COPYING, Answer, Asked, Kind, Prompt, Prompts
from bot.storage.quotations import Quotations
from bot.storage.ratings import Rating, RatingKind, Ratings
from bot.storage.reply_messages import ReplyMessages
from bot.storage.settings import ChatSettings, SettingsOfChats
from bot.storage.settings_changes import SettingsChange, SettingsChanges
from bot.storage.states import States
from bot.storage.users import User, Users

SOMEBODY = 0  # no person's number


@dataclass(frozen=True)
class Occasion:
    """Who says something where and when; `user` is None in channels, `chat` and `message_id` in inline mode.

    author_id: whose words they are, where they are not the user's own, as with a forwarded message; SOMEBODY where
    nobody knows whose. Nobody may allow for somebody else that their words are kept.
    """

    bot_id: int
    update_id: int
    chat: Chat | None
    user: User | None
    message_id: int | None
    at: dt.datetime
    thread_id: int | None = None
    author_id: int | None = None

    @property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.id

    @property
    def chat_id(self) -> int | None:
        return None if self.chat is None else self.chat.id


@dataclass(frozen=True)
class Origin:
    """What a prompt builds on, where it does.

    parent: the prompt whose button was pressed, or whose words are the seed. continues_id: the prompt whose last
    state it begins from; None: from nothing read. part: which one, where an update makes several. settings: in
    place of the chat's, as for a warmer take. opinion: what asking for it says of the parent, noted with the prompt.
    fingerprint: the generator it should be written by, if that is still there, in place of the chat's voice.
    """

    parent: Prompt | None = None
    continues_id: int | None = None
    part: int = 0
    settings: ChatSettings | None = None
    opinion: RatingKind | None = None
    fingerprint: str | None = None


NOTHING = Origin()


class Book:
    """Settings and prompts of the chats. Every method raises StorageError where the database fails.

    terms: the version of the question about consent that the bot asks now; consents to others cover no new prompt.
    now: the time, by which what is written down here is erased one day.
    """

    def __init__(
        self, database: Database, terms: str | None = None, now: Callable[[], dt.datetime] = machine_time
    ) -> None:
        self._database = database
        self._terms = terms
        self._now = now

    async def settings(self, chat_id: int) -> ChatSettings:
        async with self._database.reading() as connection:
            return await SettingsOfChats(connection).get(chat_id)

    async def change_settings(self, occasion: Occasion, **changes: Any) -> ChatSettings:
        """The settings as they were before; the change and its log rows stand or fall together.

        changes: fields of ChatSettings by name. An update that is handled again changes nothing, and hears the
        same. Raises ValueError in an occasion without a chat.
        """
        if occasion.chat is None:
            raise ValueError("expected a chat whose settings to change, got none")
        async with self._database.writing() as connection:
            await _see(connection, occasion)
            settings = SettingsOfChats(connection)
            old = await settings.get(occasion.chat.id)
            log = SettingsChanges(connection)
            if done := await log.of_update(occasion.bot_id, occasion.update_id):
                return dataclasses.replace(old, **{change.name: ast.literal_eval(change.old) for change in done})
            await settings.put(occasion.chat.id, dataclasses.replace(old, **changes))
            update = (occasion.bot_id, occasion.update_id)
            for name, new in changes.items():
                if new != getattr(old, name):
                    values = (name, repr(getattr(old, name)), repr(new))
                    await log.add(SettingsChange(occasion.chat.id, occasion.user_id, *values, occasion.at, *update))
        return old

    async def set_temperature(self, occasion: Occasion, temperature: float) -> ChatSettings:
        """The settings as they were before."""
        return await self.change_settings(occasion, temperature=temperature)

    async def open_prompt(
        self,
        occasion: Occasion,
        kind: Kind,
        seed_text: str,
        rng_seed: int,
        fingerprint: str,
        origin: Origin = NOTHING,
    ) -> Prompt:
        """The prompt, pending; or the row as it is, where this update came before.

        A pending row that came before keeps its settings and rng seed, so the reply will be the same text; unless
        the voice has changed meanwhile, which the row then says.
        """
        async with self._database.writing() as connection:
            prompts = Prompts(connection)
            before = await prompts.find_update(occasion.bot_id, occasion.update_id, origin.part)
            if before is not None:
                is_begun = before.answer.outcome != "pending" or before.answer.reply_text is not None
                is_same = before.asked.fingerprint == fingerprint
                return before if is_begun or is_same else await prompts.hand_over(before, fingerprint)
            await _see(connection, occasion)
            settings = origin.settings or await _settings(connection, occasion)
            asked = Asked(
                occasion.bot_id,
                occasion.update_id,
                occasion.chat_id,
                occasion.user_id,
                occasion.message_id,
                kind,
                occasion.at,
                seed_text,
                settings.temperature,
                settings.top_p,
                settings.length,
                rng_seed,
                fingerprint,
                settings.ending,
                origin.part,
                occasion.thread_id,
                None if origin.parent is None else origin.parent.id,
                origin.continues_id,
                await self._consent(connection, occasion, kind, origin.parent),
            )
            if origin.opinion is not None and origin.parent is not None:
                value = f"{settings.temperature:g}"
                rating = Rating(origin.parent.id, occasion.user_id, origin.opinion, value, occasion.at)
                if await prompts.find(origin.parent.id) is not None:
                    await Ratings(connection).add(rating)
            prompt = await prompts.add(asked)
            if occasion.author_id:
                await Quotations(connection).add(prompt.id, occasion.author_id)
            return prompt

    async def close_prompt(
        self, prompt_id: int, answer: Answer, message_ids: Sequence[int] = (), state: bytes | None = None
    ) -> None:
        """What came of a prompt; nothing where it was forgotten meanwhile.

        message_ids: of all the messages that the reply took, where they are more than the answer's own.
        state: State.to_bytes() after the last character kept.
        """
        async with self._database.writing() as connection:
            chat_id, is_erased = await Prompts(connection).complete(prompt_id, answer) or (None, True)
            if chat_id is None:
                return
            messages = message_ids or ([answer.reply_message_id] if answer.reply_message_id is not None else [])
            await ReplyMessages(connection).add(chat_id, messages, prompt_id)
            if state is not None and not is_erased:
                await States(connection).save(prompt_id, chat_id, state, self._now())

    async def choose(self, answers: Mapping[int, Answer], chosen: Rating, user: User) -> None:
        """What came of prompts that were offered together, by their ids, and which was chosen: all or nothing of it.

        Nothing of what was forgotten meanwhile.
        """
        async with self._database.writing() as connection:
            for prompt_id, answer in answers.items():
                await Prompts(connection).complete(prompt_id, answer)
            await self._replace_ratings(connection, chosen.prompt_id, user, chosen.kind, [chosen])

    async def note_presence(self, chat: Chat, left_at: dt.datetime | None, at: dt.datetime) -> None:
        """Since when the bot may not write in a chat; None where it may."""
        async with self._database.writing() as connection:
            await Chats(connection).see(chat, at)
            await Chats(connection).note_presence(chat.id, left_at)

    async def note_silence(self, chat_id: int, at: dt.datetime) -> None:
        """The bot could not write in a chat; nothing for an unknown one."""
        async with self._database.writing() as connection:
            await Chats(connection).note_presence(chat_id, at)

    async def left_at(self, chat_id: int) -> dt.datetime | None:
        """Since when the bot may not write in a chat; None where it may."""
        async with self._database.reading() as connection:
            return await Chats(connection).left_at(chat_id)

    async def find_chat(self, chat_id: int) -> Chat | None:
        async with self._database.reading() as connection:
            return await Chats(connection).find(chat_id)

    async def follow(self, bot_id: int, old: int, new: int) -> tuple[bool, int]:
        """A group has become a supergroup: whether anything was there to go along, and how many waiting updates did.

        Should the program end in the middle, the update that told of it is handled again, and so is this.
        """
        await move_prompts(self._database, old, new)
        async with self._database.writing() as connection:
            return await move_chat(connection, old, new), await redirect(connection, bot_id, old, new)

    async def last_asked(self, chat_id: int, kind: Kind, since: dt.datetime, but_update: int) -> dt.datetime | None:
        """When the chat's last prompt of a kind was asked; None where there is none since, but an update's own."""
        async with self._database.reading() as connection:
            return await Prompts(connection).last_asked(chat_id, kind, since, but_update)

    async def find_prompt(self, prompt_id: int) -> Prompt | None:
        async with self._database.reading() as connection:
            return await Prompts(connection).find(prompt_id)

    async def find_update(self, bot_id: int, update_id: int) -> Prompt | None:
        """The first prompt that this update brought."""
        async with self._database.reading() as connection:
            return await Prompts(connection).find_update(bot_id, update_id)

    async def prompt_of_message(self, chat_id: int, message_id: int) -> Prompt | None:
        """The prompt that this message of the bot answers."""
        async with self._database.reading() as connection:
            prompt_id = await ReplyMessages(connection).prompt_of(chat_id, message_id)
            return None if prompt_id is None else await Prompts(connection).find(prompt_id)

    async def state_after(self, prompt_id: int) -> bytes | None:
        """What the network remembered after this prompt's reply; None where it is gone."""
        async with self._database.reading() as connection:
            return await States(connection).find(prompt_id)

    async def last_prompt(self, chat_id: int, thread_id: int | None = None) -> Prompt | None:
        """The last prompt in a chat, or in a topic of it, that was answered and may be continued."""
        async with self._database.reading() as connection:
            return await Prompts(connection).last_answered(chat_id, thread_id)

    async def replace_ratings(self, prompt_id: int, user: User, kind: RatingKind, new: list[Rating]) -> bool:
        """What somebody thinks now in place of what they thought before; whether the prompt is still there."""
        async with self._database.writing() as connection:
            return await self._replace_ratings(connection, prompt_id, user, kind, new)

    async def _replace_ratings(
        self, connection: AsyncConnection, prompt_id: int, user: User, kind: RatingKind, new: list[Rating]
    ) -> bool:
        if await Prompts(connection).find(prompt_id) is None:
            return False
        await Users(connection).see(user, self._now())
        await Ratings(connection).replace(prompt_id, user.id, kind, new)
        return True

    async def _consent(
        self, connection: AsyncConnection, occasion: Occasion, kind: Kind, parent: Prompt | None
    ) -> int | None:
        """The consent under which a prompt may be kept: that of everybody whose words it holds, for those words."""
        if occasion.user_id is None or occasion.author_id is not None:
            return None
        if kind in COPYING and parent is not None:
            fresh = await Prompts(connection).find(parent.id)  # it may have been withdrawn meanwhile
            if fresh is None or fresh.asked.consent_id is None:
                return None
        consent = await Consents(connection).in_force(occasion.user_id)
        covers = consent is not None and consent.decision == "allowed" and consent.version == self._terms
        return consent.id if covers and consent is not None else None


async def _see(connection: AsyncConnection, occasion: Occasion) -> None:
    if occasion.chat is not None:
        await Chats(connection).see(occasion.chat, occasion.at)
    if occasion.user is not None:
        await Users(connection).see(occasion.user, occasion.at)


async def _settings(connection: AsyncConnection, occasion: Occasion) -> ChatSettings:
    return ChatSettings() if occasion.chat is None else await SettingsOfChats(connection).get(occasion.chat.id)
