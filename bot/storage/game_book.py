"""What games write down: who plays, who is right, what that says of the replies; each method is one transaction."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from bot.storage.consents import Consents
from bot.storage.database import Database
from bot.storage.erasure import week_of
from bot.storage.games import Game, GameKind, Games, Option, Vote
from bot.storage.prompts import Kind, Prompts, is_of_kind
from bot.storage.ratings import Rating, Ratings
from bot.storage.scores import Score, Scores
from bot.storage.tables import prompt_texts, prompts
from bot.storage.users import User, Users

TAKEN_FOR_REAL = "taken for real"  # ratings of a quiz's made-up lines
PREFERRED, PASSED_OVER = "preferred", "passed over"  # ratings of a duel's two replies
_OWN_WORDS: tuple[Kind, ...] = ("seed", "reply", "mention")  # kinds of prompts whose seed its author wrote
_AMONG = 1_000  # prompts of a chat, among which lines are looked for: a chat may have millions
_LOOKED_AT = 500  # of the newest of them


@dataclass(frozen=True)
class Standing:
    """How a game stands: votes by option, and whether it is over."""

    game: Game
    counts: tuple[int, ...]

    @property
    def winner(self) -> int | None:
        """The option with most votes; None while there is no such one."""
        best = max(self.counts)
        return self.counts.index(best) if best and self.counts.count(best) == 1 else None


class GameBook:
    """Games, votes and scores. Every method raises StorageError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_game(
        self,
        chat_id: int,
        kind: GameKind,
        options: Sequence[Option],
        correct: int | None,
        at: dt.datetime,
        made_of: Sequence[int],
    ) -> Game:
        """A new game; or the one that was made of the same prompts, `made_of`, before, as it was made then."""
        async with self._database.writing() as connection:
            games = Games(connection)
            for prompt_id in made_of:
                if (before := await games.find_prompt(prompt_id, kind)) is not None:
                    return before
            return await games.add(chat_id, kind, options, correct, at)

    async def sent(self, game_id: int, message_id: int, latency_ms: int, poll_id: str | None = None) -> None:
        """Telegram has the game, and with it the replies that were made for it, so long after it was asked for."""
        async with self._database.writing() as connection:
            games = Games(connection)
            await games.sent(game_id, message_id, poll_id)
            if (game := await games.find(game_id)) is not None:
                shown = [option.shown for option in game.options if option.shown is not None]
                await Prompts(connection).delivered(shown, game.kind, message_id, latency_ms)

    async def chat_of_poll(self, poll_id: str) -> int | None:
        """Where a quiz is played; None for a poll that is none of ours."""
        async with self._database.reading() as connection:
            game = await Games(connection).find_poll(poll_id)
        return None if game is None else game.chat_id

    async def guess(self, poll_id: str, user: User, option: int, at: dt.datetime) -> bool | None:
        """Somebody's answer in a quiz, of which the first counts; whether it is right. None: it counts for nothing."""
        async with self._database.writing() as connection:
            games = Games(connection)
            game = await games.find_poll(poll_id)
            if game is None or not 0 <= option < len(game.options):
                return None
            if await games.voted(game.id, user.id) is not None:
                return None
            await Users(connection).see(user, at)
            await games.vote(Vote(game.id, user.id, option, at))
            if option == game.correct_option:
                await Scores(connection).add_point(game.chat_id, week_of(at), user.id)
                return True
            prompt_id = game.options[option].shown
            if prompt_id is not None:
                await Ratings(connection).add(Rating(prompt_id, user.id, "quiz", TAKEN_FOR_REAL, at))
            return False

    async def vote(self, game_id: int, user: User, option: int, at: dt.datetime) -> Standing | None:
        """Somebody's vote in a duel, in place of their last one; None where there is no such game. None is too late."""
        async with self._database.writing() as connection:
            games = Games(connection)
            game = await games.find(game_id)
            if game is None:
                return None
            if game.closed_at is None and 0 <= option < len(game.options):
                await Users(connection).see(user, at)
                await games.vote(Vote(game.id, user.id, option, at))
            return Standing(game, await _counts(games, game))

    async def close(self, game_id: int, at: dt.datetime) -> Standing | None:
        """End a duel and keep what the votes say of its replies; None where there is no such game."""
        async with self._database.writing() as connection:
            games = Games(connection)
            game = await games.find(game_id)
            if game is None:
                return None
            if await games.close(game.id, at):
                for vote in await games.votes(game.id):
                    for number, option in enumerate(game.options):
                        if option.prompt_id is not None:
                            value = PREFERRED if number == vote.option else PASSED_OVER
                            await Ratings(connection).add(Rating(option.prompt_id, vote.user_id, "duel", value, at))
            return Standing(game, await _counts(games, game))

    async def standing(self, game_id: int) -> Standing | None:
        """How a game stands; None where there is no such game."""
        async with self._database.reading() as connection:
            games = Games(connection)
            game = await games.find(game_id)
            return None if game is None else Standing(game, await _counts(games, game))

    async def open_duels(self, since: dt.datetime) -> list[Game]:
        """Those that Telegram has and that nobody has ended, the oldest first, but none from before."""
        async with self._database.reading() as connection:
            return await Games(connection).open("duel", since)

    async def language_of_asker(self, game: Game) -> str | None:
        """An IETF tag; None where nobody knows who asked for the game, or what they speak."""
        prompt_id = game.options[0].prompt_id if game.options else None
        async with self._database.reading() as connection:
            prompt = None if prompt_id is None else await Prompts(connection).find(prompt_id)
            user_id = None if prompt is None else prompt.asked.user_id
            user = None if user_id is None else await Users(connection).find(user_id)
        return None if user is None else user.language

    async def best(self, chat_id: int, week: str | None = None) -> list[Score]:
        """Whoever saw through most quizzes of a chat, in one week or in all of them."""
        async with self._database.reading() as connection:
            return await Scores(connection).best(chat_id, week)

    async def own_lines(self, chat_id: int, terms: str, shortest: int) -> list[tuple[int, str]]:
        """What members of a chat wrote and allowed to be kept: prompts and their words, the newest first."""
        newest = select(prompts.c.id).where(prompts.c.chat_id == chat_id).order_by(prompts.c.asked_at.desc())
        statement = (
            select(prompts.c.id, prompts.c.user_id, prompt_texts.c.seed_text)
            .join(prompt_texts, prompt_texts.c.prompt_id == prompts.c.id)
            .where(
                prompts.c.id.in_(newest.limit(_AMONG).scalar_subquery()),
                is_of_kind(*_OWN_WORDS),
                prompts.c.consent_id.is_not(None),
            )
            .where(func.length(prompt_texts.c.seed_text) >= shortest)
            .order_by(prompts.c.asked_at.desc())
            .limit(_LOOKED_AT)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(statement)).all()
            consents = {user_id: await Consents(connection).in_force(user_id) for user_id in {row[1] for row in rows}}
        allowed = {
            user_id
            for user_id, consent in consents.items()
            if consent is not None and consent.decision == "allowed" and consent.version == terms
        }
        return [(row[0], row[2]) for row in rows if row[1] in allowed]

    async def words_of(self, prompt_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
        """The seeds and the replies of prompts, as far as they are still there."""
        async with self._database.reading() as connection:
            found = [await Prompts(connection).find(prompt_id) for prompt_id in prompt_ids]
        return {each.id: (each.asked.seed_text, each.answer.reply_text) for each in found if each is not None}


async def _counts(games: Games, game: Game) -> tuple[int, ...]:
    counts = await games.counts(game.id)
    return tuple(counts.get(number, 0) for number in range(len(game.options)))
