"""Every prompt: who asked what, where, when and under which settings, and what came of it."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.prompt_texts import PromptTexts
from bot.storage.settings import Ending
from bot.storage.tables import prompt_texts, prompts
from model.config import SamplingConfig

Kind = Literal["seed", "more", "again", "reply", "mention", "chime-in", "inline", "guest", "quiz", "duel"]
Outcome = Literal["pending", "answered", "stopped", "failed", "refused", "expired"]
ANSWERED = ("answered", "stopped")  # outcomes with a reply
GAMES = ("quiz", "duel")  # kinds that are no part of the talk
# Prompts of a chat, among which its last answered one is looked for: what is older is nobody's "last". Nearly always it
# is the very last, which is looked at first, as each of them is a page of a large file.
LATEST = 200
_EVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
COPYING: tuple[Kind, ...] = (
    "more",
    "again",
    "quiz",
    "duel",
)  # kinds whose seed is somebody's earlier words, not the asker's own


@dataclass(frozen=True)
class Asked:
    """A prompt as it was asked. With the checkpoint of the fingerprint, it says what the reply will be.

    parent_id: the prompt whose button was pressed, or whose words are the seed.
    continues_id: the prompt whose last state this began from; None where it began with nothing read.
    consent_id: the consent in force, of every author of its words; None: the words go after the retention period.
    """

    bot_id: int
    update_id: int
    chat_id: int | None  # None in inline mode
    user_id: int | None  # None where Telegram hides the person
    message_id: int | None
    kind: Kind
    asked_at: dt.datetime
    seed_text: str  # empty where a kind needs none, and where it was erased
    temperature: float
    top_p: float
    length: int  # characters
    rng_seed: int
    fingerprint: str
    ending: Ending = "length"
    part: int = 0
    thread_id: int | None = None
    parent_id: int | None = None
    continues_id: int | None = None
    consent_id: int | None = None
    repetition_brake: float = SamplingConfig().repetition_brake

    @property
    def sampling(self) -> SamplingConfig:
        return SamplingConfig(self.temperature, self.top_p, self.repetition_brake)


@dataclass(frozen=True)
class Answer:
    """What came of a prompt; nothing but the outcome where there was no reply.

    characters: how many of those drawn were kept; the state of the chat is the one after the last of them.
    """

    outcome: Outcome
    reply_text: str | None = None
    reply_message_id: int | None = None
    latency_ms: int | None = None
    characters_per_second: float | None = None
    characters: int | None = None
    waiting_ms: int | None = None
    generating_ms: int | None = None
    inline_message_id: str | None = None


@dataclass(frozen=True)
class Prompt:
    """A row of the log. `erased_at`: since when its words are gone."""

    id: int
    asked: Asked
    answer: Answer
    erased_at: dt.datetime | None = None


_ASKED = tuple(Asked.__dataclass_fields__)
_ANSWER = tuple(Answer.__dataclass_fields__)
_WORDS = ("seed_text", "reply_text")
COLUMNS = [(prompt_texts if name in _WORDS else prompts).c[name] for name in ("id", "erased_at", *_ASKED, *_ANSWER)]
WITH_WORDS = prompts.outerjoin(prompt_texts, prompt_texts.c.prompt_id == prompts.c.id)

# What each prompt takes is built once: that takes SQLAlchemy far longer than SQLite takes to execute it.
_SELECT = select(*COLUMNS).select_from(WITH_WORDS)
_ADD = insert(prompts).returning(prompts.c.id)
_THIS = prompts.c.id == bindparam("prompt_id")
_COMPLETE = update(prompts).where(_THIS).returning(prompts.c.chat_id, prompts.c.erased_at)
_OF_ID = _SELECT.where(_THIS)
_OF_UPDATE = _SELECT.where(*(prompts.c[name] == bindparam(name) for name in ("bot_id", "update_id", "part")))


class Prompts:
    """The tables `prompts` and `prompt_texts`, read together; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, asked: Asked) -> Prompt:
        """A new row, pending."""
        answer = Answer("pending")
        facts = _facts(vars(asked) | vars(answer))
        prompt_id = (await self._connection.execute(_ADD, facts)).scalar_one()
        await PromptTexts(self._connection).add(prompt_id, asked.seed_text)
        return Prompt(prompt_id, asked, answer)

    async def hand_over(self, prompt: Prompt, fingerprint: str) -> Prompt:
        """Another generator will write the reply than the one it was asked of; the prompt as it is now."""
        statement = update(prompts).where(prompts.c.id == prompt.id).values(fingerprint=fingerprint)
        await self._connection.execute(statement)
        return dataclasses.replace(prompt, asked=dataclasses.replace(prompt.asked, fingerprint=fingerprint))

    async def complete(self, prompt_id: int, answer: Answer) -> tuple[int | None, bool] | None:
        """Note what came of it: its chat, and whether its words were erased; None where its author was forgotten."""
        facts = {"prompt_id": prompt_id, **_facts(vars(answer))}
        row = (await self._connection.execute(_COMPLETE, facts)).one_or_none()
        if row is None:
            return None
        await PromptTexts(self._connection).complete(prompt_id, answer.reply_text)
        return row.chat_id, row.erased_at is not None

    async def delivered(self, prompt_ids: Sequence[int], kind: Kind, message_id: int, latency_ms: int) -> None:
        """One message has the replies to those of these prompts that are of this kind."""
        theirs = prompts.c.id.in_(prompt_ids) & is_of_kind(kind)
        arrived = {"reply_message_id": message_id, "latency_ms": latency_ms}
        await self._connection.execute(update(prompts).where(theirs).values(**arrived))

    async def find(self, prompt_id: int) -> Prompt | None:
        return await self._one(_OF_ID, {"prompt_id": prompt_id})

    async def find_update(self, bot_id: int, update_id: int, part: int = 0) -> Prompt | None:
        """The prompt that this update of Telegram brought."""
        return await self._one(_OF_UPDATE, {"bot_id": bot_id, "update_id": update_id, "part": part})

    async def last_asked(self, chat_id: int, kind: Kind, since: dt.datetime, but_update: int) -> dt.datetime | None:
        """When the chat's last prompt of a kind was asked; None where there is none since, but an update's own."""
        mine = (prompts.c.chat_id == chat_id) & (prompts.c.asked_at >= since)
        mine &= is_of_kind(kind) & (prompts.c.update_id != but_update)
        newest = select(prompts.c.asked_at).where(mine).order_by(prompts.c.asked_at.desc()).limit(1)
        found: dt.datetime | None = (await self._connection.execute(newest)).scalar()
        return found

    async def page(
        self, after: int = 0, limit: int = 500, chat_id: int | None = None, since: dt.datetime | None = None
    ) -> list[Prompt]:
        """The next prompts with an id above `after`, the oldest first."""
        statement = _filtered(_SELECT, chat_id, since).where(prompts.c.id > after)
        return await self._all(statement.order_by(prompts.c.id).limit(limit))

    async def latest(
        self, limit: int = 20, chat_id: int | None = None, since: dt.datetime | None = None
    ) -> list[Prompt]:
        """The newest prompts, the oldest of them first."""
        statement = _filtered(_SELECT, chat_id, since)
        return (await self._all(statement.order_by(prompts.c.id.desc()).limit(limit)))[::-1]

    async def last_answered(self, chat_id: int, thread_id: int | None) -> Prompt | None:
        """The newest of the chat's latest prompts that was answered in this topic; None outside of topics."""
        times = select(prompts.c.asked_at).where(prompts.c.chat_id == chat_id).order_by(prompts.c.asked_at.desc())
        oldest = times.offset(LATEST - 1).limit(1).scalar_subquery()  # found in the index alone
        answered = prompts.c.outcome.in_(ANSWERED) & prompts.c.thread_id.is_not_distinct_from(thread_id)
        said = _SELECT.where(prompts.c.chat_id == chat_id, answered, prompts.c.kind.not_in(GAMES))
        said = said.where(prompts.c.asked_at >= func.coalesce(oldest, _EVER))
        return await self._one(said.order_by(prompts.c.asked_at.desc(), prompts.c.id.desc()).limit(1))

    async def of_user(self, user_id: int, after: int = 0, limit: int = 500) -> list[Prompt]:
        """The next prompts of a person with an id above `after`, the oldest first."""
        statement = _SELECT.where(prompts.c.user_id == user_id, prompts.c.id > after)
        return await self._all(statement.order_by(prompts.c.id).limit(limit))

    async def copies(self, prompt_ids: Sequence[int]) -> list[int]:
        """The prompts whose words are these prompts' words, at any remove."""
        found: list[int] = []
        level = list(prompt_ids)
        while level:
            children = select(prompts.c.id).where(prompts.c.parent_id.in_(level), is_of_kind(*COPYING))
            level = [child for child in (await self._connection.execute(children)).scalars() if child not in found]
            found += level
        return [child for child in found if child not in prompt_ids]

    async def delete(self, prompt_ids: Sequence[int]) -> None:
        await self._connection.execute(delete(prompts).where(prompts.c.id.in_(prompt_ids)))

    async def _one(
        self, statement: Select[tuple[object, ...]], values: Mapping[str, int] | None = None
    ) -> Prompt | None:
        found = await self._all(statement, values)
        return found[0] if found else None

    async def _all(
        self, statement: Select[tuple[object, ...]], values: Mapping[str, int] | None = None
    ) -> list[Prompt]:
        return [prompt_of(row._asdict()) for row in await self._connection.execute(statement, values)]


def prompt_of(row: Mapping[str, Any]) -> Prompt:
    """The prompt of a row with all of COLUMNS."""
    fields = dict(row)
    fields["seed_text"] = fields["seed_text"] or ""
    asked = Asked(**{name: fields[name] for name in _ASKED})
    return Prompt(fields["id"], asked, Answer(**{name: fields[name] for name in _ANSWER}), fields["erased_at"])


def is_of_kind(*kinds: Kind) -> ColumnElement[bool]:
    """Prompts of these kinds, among those that other columns tell.

    SQLite does not know how many are of a kind: asked for the column itself it goes through all of them, among
    millions, rather than through a few that are told by their keys.
    """
    return prompts.c.kind.concat("").in_(kinds)


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _WORDS}


def _filtered(
    statement: Select[tuple[object, ...]], chat_id: int | None, since: dt.datetime | None
) -> Select[tuple[object, ...]]:
    if chat_id is not None:
        statement = statement.where(prompts.c.chat_id == chat_id)
    if since is not None:
        statement = statement.where(prompts.c.asked_at >= since)
    return statement
