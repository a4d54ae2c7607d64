"""Games: quizzes and duels, what there is to choose between, and who voted for what."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import game_options, games, votes
from bot.storage.upsert import upsert

GameKind = Literal["quiz", "duel"]

_NO_WORDS = ""  # the line of an option that is no text: no line of a corpus is empty


@dataclass(frozen=True)
class Option:
    """What can be voted for: the reply to a prompt or its own words, or a line of the corpus; or `a_machine`."""

    prompt_id: int | None = None
    line: str | None = None

    @classmethod
    def a_machine(cls, unseen: int | None = None) -> "Option":
        """The answer "a machine" in a quiz about one text, which is its other option.

        unseen: the prompt of what was made up for the quiz, where the text is somebody else's.
        """
        return cls(unseen, _NO_WORDS)

    @property
    def shown(self) -> int | None:
        """The prompt of which people see something; None where there is none."""
        return None if self.line == _NO_WORDS else self.prompt_id


@dataclass(frozen=True)
class Game:
    """A game and its options, by number from 0. `poll_id` and `message_id` are known once Telegram has it."""

    id: int
    chat_id: int
    kind: GameKind
    options: tuple[Option, ...]
    correct_option: int | None
    opened_at: dt.datetime
    poll_id: str | None = None
    message_id: int | None = None
    closed_at: dt.datetime | None = None


@dataclass(frozen=True)
class Vote:
    """Who voted for which option."""

    game_id: int
    user_id: int
    option: int
    voted_at: dt.datetime


class Games:
    """The tables `games`, `game_options` and `votes`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, chat_id: int, kind: GameKind, options: Sequence[Option], correct: int | None, at: dt.datetime
    ) -> Game:
        row = {"chat_id": chat_id, "kind": kind, "correct_option": correct, "opened_at": at}
        statement = insert(games).values(**row).returning(games.c.id)
        game_id = (await self._connection.execute(statement)).scalar_one()
        for number, option in enumerate(options):
            values = asdict(option) | {"game_id": game_id, "option": number}
            await self._connection.execute(insert(game_options).values(**values))
        return Game(game_id, chat_id, kind, tuple(options), correct, at)

    async def find(self, game_id: int) -> Game | None:
        return await self._one(games.c.id == game_id)

    async def find_poll(self, poll_id: str) -> Game | None:
        return await self._one(games.c.poll_id == poll_id)

    async def find_prompt(self, prompt_id: int, kind: GameKind) -> Game | None:
        """The game that this prompt was made for."""
        mine = select(game_options.c.game_id).where(game_options.c.prompt_id == prompt_id)
        return await self._one((games.c.kind == kind) & games.c.id.in_(mine))

    async def open(self, kind: GameKind, since: dt.datetime) -> list[Game]:
        """Games of a kind that Telegram has and that are not over, the oldest first."""
        sent = games.c.message_id.is_not(None) & games.c.closed_at.is_(None)
        return await self._all((games.c.kind == kind) & (games.c.opened_at >= since) & sent)

    async def sent(self, game_id: int, message_id: int, poll_id: str | None) -> None:
        """Telegram has it."""
        values = {"message_id": message_id, "poll_id": poll_id}
        await self._connection.execute(update(games).where(games.c.id == game_id).values(**values))

    async def close(self, game_id: int, at: dt.datetime) -> bool:
        """End a game; whether it was open."""
        statement = update(games).where(games.c.id == game_id, games.c.closed_at.is_(None)).values(closed_at=at)
        return bool((await self._connection.execute(statement)).rowcount)

    async def vote(self, vote: Vote) -> None:
        """A vote, in place of the person's last one."""
        await upsert(self._connection, votes, asdict(vote))

    async def voted(self, game_id: int, user_id: int) -> int | None:
        """The option that somebody voted for."""
        mine = (votes.c.game_id == game_id) & (votes.c.user_id == user_id)
        found: int | None = (await self._connection.execute(select(votes.c.option).where(mine))).scalar()
        return found

    async def votes(self, game_id: int) -> list[Vote]:
        """The oldest first."""
        columns = [votes.c[name] for name in Vote.__dataclass_fields__]
        statement = select(*columns).where(votes.c.game_id == game_id).order_by(votes.c.voted_at, votes.c.user_id)
        return [Vote(*row) for row in await self._connection.execute(statement)]

    async def counts(self, game_id: int) -> dict[int, int]:
        """How many votes each option has that has any."""
        statement = select(votes.c.option, func.count()).where(votes.c.game_id == game_id).group_by(votes.c.option)
        return {row[0]: row[1] for row in await self._connection.execute(statement)}

    async def _one(self, which: ColumnElement[bool]) -> Game | None:
        return next(iter(await self._all(which)), None)

    async def _all(self, which: ColumnElement[bool]) -> list[Game]:
        columns = [games.c[name] for name in Game.__dataclass_fields__ if name != "options"]
        rows = await self._connection.execute(select(*columns).where(which).order_by(games.c.opened_at, games.c.id))
        return [Game(**row._asdict(), options=await self._options(row.id)) for row in rows]

    async def _options(self, game_id: int) -> tuple[Option, ...]:
        chosen = select(game_options.c.prompt_id, game_options.c.line).where(game_options.c.game_id == game_id)
        return tuple(Option(*row) for row in await self._connection.execute(chosen.order_by(game_options.c.option)))
