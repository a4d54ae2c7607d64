"""What people decided about their words, and what they were asked; each method is one transaction."""

import datetime as dt

from sqlalchemy import select, update

from bot.privacy.terms import Question
from bot.storage.consents import Consent, Consents, Decision
from bot.storage.database import Database
from bot.storage.tables import prompts, users
from bot.storage.users import User, Users


class ConsentBook:
    """Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decision(self, user_id: int) -> Consent | None:
        """The person's last decision; None where they made none."""
        async with self._database.reading() as connection:
            return await Consents(connection).in_force(user_id)

    async def decide(self, user: User, question: Question, decision: Decision, at: dt.datetime) -> None:
        """A decision on the question as it was shown, from now on."""
        async with self._database.writing() as connection:
            await Users(connection).see(user, at)
            await Consents(connection).decide(user.id, question, decision, at)
            asked = update(users).where(users.c.id == user.id).values(asked_version=question.version)
            await connection.execute(asked)

    async def is_due(self, user_id: int, version: str, bot_id: int, update_id: int | None) -> bool:
        """Whether somebody who uses the bot was not yet asked on these terms.

        update_id: only if this update brought a prompt; None for anything they do.
        """
        known = select(users.c.asked_version).where(users.c.id == user_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(known)).one_or_none()
            if row is None or row.asked_version == version:
                return False
            if update_id is None:
                return True
            # Whoever was only overheard did not use the bot.
            asked = prompts.c.kind != "chime-in"
            same = (prompts.c.bot_id == bot_id) & (prompts.c.update_id == update_id) & asked
            return (await connection.execute(select(prompts.c.id).where(same).limit(1))).first() is not None

    async def asked(self, user_id: int, question: Question, at: dt.datetime) -> None:
        """They were shown the question."""
        async with self._database.writing() as connection:
            await Consents(connection).note(question, at)
            shown = update(users).where(users.c.id == user_id).values(asked_version=question.version)
            await connection.execute(shown)
