"""What a conversation writes down; each method is one transaction over the tables it concerns."""

import dataclasses
import datetime as dt
from dataclasses import dataclass

from bot.storage.chats import Chat, Chats
from bot.storage.database import Database
from bot.storage.prompts import Answer, Asked, Kind, Prompt, Prompts
from bot.storage.settings import ChatSettings, SettingsOfChats
from bot.storage.settings_changes import SettingsChange, SettingsChanges
from bot.storage.users import User, Users


@dataclass(frozen=True)
class Occasion:
    """Who says something where and when; `user` is None in channels."""

    bot_id: int
    update_id: int
    chat: Chat
    user: User | None
    message_id: int
    at: dt.datetime

    @property
    def user_id(self) -> int | None:
        return None if self.user is None else self.user.id


class Book:
    """Settings and prompts of the chats. Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settings(self, chat_id: int) -> ChatSettings:
        async with self._database.reading() as connection:
            return await SettingsOfChats(connection).get(chat_id)

    async def set_temperature(self, occasion: Occasion, temperature: float) -> ChatSettings:
        """The settings as they were before; the change and its log row stand or fall together."""
        async with self._database.writing() as connection:
            await Chats(connection).see(occasion.chat, occasion.at)
            if occasion.user is not None:
                await Users(connection).see(occasion.user, occasion.at)
            settings = SettingsOfChats(connection)
            old = await settings.get(occasion.chat.id)
            await settings.put(occasion.chat.id, dataclasses.replace(old, temperature=temperature))
            if temperature != old.temperature:
                values = ("temperature", repr(old.temperature), repr(temperature))
                change = SettingsChange(occasion.chat.id, occasion.user_id, *values, changed_at=occasion.at)
                await SettingsChanges(connection).add(change)
        return old

    async def open_prompt(
        self, occasion: Occasion, kind: Kind, seed_text: str, rng_seed: int, fingerprint: str
    ) -> Prompt:
        """The prompt, pending; or the row as it is, where this update came before.

        A pending row that came before keeps its settings and rng seed, so the reply will be the same text.
        """
        async with self._database.writing() as connection:
            prompts = Prompts(connection)
            before = await prompts.find_update(occasion.bot_id, occasion.update_id)
            if before is not None:
                return before
            await Chats(connection).see(occasion.chat, occasion.at)
            if occasion.user is not None:
                await Users(connection).see(occasion.user, occasion.at)
            settings = await SettingsOfChats(connection).get(occasion.chat.id)
            asked = Asked(
                occasion.bot_id,
                occasion.update_id,
                occasion.chat.id,
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
            )
            return await prompts.add(asked)

    async def close_prompt(self, prompt_id: int, answer: Answer) -> None:
        async with self._database.writing() as connection:
            await Prompts(connection).complete(prompt_id, answer)
