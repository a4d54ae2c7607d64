"""What a decision covers, and what it leaves: later terms, and people who come back."""

from sqlalchemy import select

from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.erasure import Erasure
from bot.storage.game_book import GameBook
from bot.storage.games import Option
from bot.storage.tables import votes
from tests.bot.log.rows import ANA, FINGERPRINT, HOUR, LUIS, NOON, TERMS, add, decide


async def test_whoever_allowed_other_terms_has_allowed_nothing_that_comes_now(database: Database) -> None:
    await decide(database, ANA, "allowed")
    consents = []
    for number, version in enumerate((TERMS.version, "later terms"), 1):
        occasion = Occasion(1, number, Chat(5, "private"), ANA, number, NOON)
        prompt = await Book(database, version).open_prompt(occasion, "seed", "hello", 1, FINGERPRINT)
        consents.append(prompt.asked.consent_id)
    assert consents[0] is not None
    assert consents[1] is None


async def test_of_whoever_came_back_only_the_votes_since_are_left(database: Database) -> None:
    games = GameBook(database)
    options = [Option((await add(database, number, user=LUIS, chat=-5)).id) for number in (1, 2)]
    for at in (NOON, NOON + 2 * HOUR):
        duel = await games.open_game(-5, "duel", options, None, at, [])
        await games.vote(duel.id, ANA, 1, at)
    await Erasure(database).forget_person(ANA.id, NOON + HOUR)
    async with database.reading() as connection:
        left = (await connection.execute(select(votes.c.game_id).where(votes.c.user_id == ANA.id))).scalars().all()
    assert left == [duel.id]
