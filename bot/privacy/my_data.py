"""All that is kept about a person, as a JSON file for that person. Knows no Telegram."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import Select, func, select

from bot.storage.consents import Consents
from bot.storage.database import Database
from bot.storage.prompts import Prompt, Prompts
from bot.storage.quotations import Quotations
from bot.storage.tables import (
    chats,
    deliveries,
    games,
    inbox,
    prompts,
    ratings,
    scores,
    settings,
    settings_changes,
    states,
    users,
    votes,
)

FORMAT = "cotorra-my-data-1"
LARGE = 10_000_000  # bytes, above which the file is compressed; Telegram takes 50 MB from a bot
_PAGE = 500


async def collect(database: Database, user_id: int) -> tuple[str, bytes]:
    """The file's name and content: JSON, compressed where it is large."""
    parts = [part async for part in _pieces(database, user_id)]
    content = "".join(parts).encode("utf-8")
    if len(content) > LARGE:
        return "my-data.json.gz", gzip.compress(content)
    return "my-data.json", content


async def _pieces(database: Database, user_id: int) -> AsyncIterator[str]:
    about = _rows_about(user_id)
    yield f'{{"format": "{FORMAT}"'
    for name, statement in about.items():
        async with database.reading() as connection:
            rows = [dict(row) for row in (await connection.execute(statement)).mappings()]
        yield f',\n"{name}": {_json(rows)}'
    async with database.reading() as connection:
        decisions = [vars(consent) for consent in await Consents(connection).history(user_id)]
    yield f',\n"decisions": {_json(decisions)},\n"prompts": ['
    after, comma = 0, ""
    while True:
        async with database.reading() as connection:
            page = await Prompts(connection).of_user(user_id, after, _PAGE)
        for prompt in page:
            row = {"id": prompt.id, "erased_at": prompt.erased_at, **vars(prompt.asked), **vars(prompt.answer)}
            yield f"{comma}\n{_json(row)}"
            comma = ","
        if len(page) < _PAGE:
            break
        after = page[-1].id
    yield '\n],\n"in_prompts_of_others": ['
    comma = ""
    async for prompt in _prompts_of_others(database, user_id):
        yield f"{comma}\n{_json(_without_others(prompt))}"
        comma = ","
    yield "\n]}\n"


async def _prompts_of_others(database: Database, user_id: int) -> AsyncIterator[Prompt]:
    """What others asked with this person's words: other takes of them, quizzes about them, what others passed on."""
    async with database.reading() as connection:
        found = set(await Quotations(connection).of_author(user_id))
    after = 0
    while True:
        async with database.reading() as connection:
            log = Prompts(connection)
            ids = [prompt.id for prompt in await log.of_user(user_id, after, _PAGE)]
            found.update(await log.copies([*ids, *(found if after == 0 else ())]))
        if len(ids) < _PAGE:
            break
        after = ids[-1]
    for prompt_id in sorted(found):
        async with database.reading() as connection:
            prompt = await Prompts(connection).find(prompt_id)
        if prompt is not None and prompt.asked.user_id != user_id:
            yield prompt


def _without_others(prompt: Prompt) -> dict[str, object]:
    """What concerns a person of somebody else's prompt; not who asked, nor the words with which they went on."""
    asked = prompt.asked
    facts: dict[str, object] = {
        "id": prompt.id,
        "kind": asked.kind,
        "asked_at": asked.asked_at,
        "erased_at": prompt.erased_at,
    }
    if asked.kind == "more" and asked.seed_text:
        return facts
    return facts | {"seed_text": asked.seed_text, "reply_text": prompt.answer.reply_text}


def _rows_about(user_id: int) -> Mapping[str, Select[Any]]:
    return {
        "person": select(users).where(users.c.id == user_id),
        "private_chat": select(chats).where(chats.c.id == user_id),
        "private_settings": select(settings).where(settings.c.chat_id == user_id),
        "private_games": select(games).where(games.c.chat_id == user_id),
        "private_updates": select(inbox).where(inbox.c.chat_id == user_id),
        "private_messages": select(deliveries).where(deliveries.c.chat_id == user_id),
        "settings_changes": select(settings_changes).where(settings_changes.c.user_id == user_id),
        "ratings": select(ratings).where(ratings.c.user_id == user_id),
        "votes": select(votes).where(votes.c.user_id == user_id),
        "scores": select(scores).where(scores.c.user_id == user_id),
        # What the network remembers after their prompts: numbers that no person reads.
        "states": select(states.c.prompt_id, states.c.saved_at, func.length(states.c.state).label("bytes"))
        .join(prompts, prompts.c.id == states.c.prompt_id)
        .where(prompts.c.user_id == user_id),
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
