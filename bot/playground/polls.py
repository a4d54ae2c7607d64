"""Polls and quizzes: their votes, their end, and what the bot learns of both.

It knows no HTTP.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Chat, Poll, PollAnswer, PollOption, User

from bot.playground.errors import NotInTheWorld, PlaygroundError

Tell = Callable[[str, dict[str, object]], object]


@dataclass
class Ballot:
    """A poll in a chat, with who voted for what."""

    poll: Poll
    chat_id: int
    message_id: int
    votes: dict[int, tuple[int, ...]] = field(default_factory=dict)  # user id -> options chosen
    timer: asyncio.TimerHandle | None = None


class Polls:
    """Every poll that is in the chats.

    Args:
        changed: Told of each ballot that has changed, so that its message can show it.
        tell: Takes an update for the bot: its kind and its payload.
    """

    def __init__(self, changed: Callable[[Ballot], None], tell: Tell) -> None:
        self._changed = changed
        self._tell = tell
        self._ballots: dict[str, Ballot] = {}

    def open(self, poll: Poll, chat_id: int, message_id: int) -> None:
        """Take votes from now on, until the poll's closing time if it has one."""
        ballot = self._ballots[poll.id] = Ballot(poll, chat_id, message_id)
        if poll.close_date is not None and not poll.is_closed:
            seconds = poll.close_date.timestamp() - time.time()
            ballot.timer = asyncio.get_running_loop().call_later(seconds, self.close, poll.id)

    def ballot(self, poll_id: str) -> Ballot:
        """The poll of this id.

        Raises:
            NotInTheWorld: There is none.
        """
        if (ballot := self._ballots.get(poll_id)) is None:
            raise NotInTheWorld(f"no poll {poll_id}")
        return ballot

    def vote(self, poll_id: str, voter: User, options: tuple[int, ...], *, as_chat: Chat | None = None) -> None:
        """Vote, vote anew, or take the vote back with no options; `as_chat` for anonymous administrators.

        Raises:
            PlaygroundError: The poll is closed, its options are others, or it takes no other vote.
        """
        ballot = self.ballot(poll_id)
        chosen = tuple(dict.fromkeys(options))
        _check_vote(ballot, voter.id, chosen)
        if ballot.votes.get(voter.id, ()) == chosen:
            return
        ballot.votes.pop(voter.id, None)
        if chosen:
            ballot.votes[voter.id] = chosen
        ballot.poll = _counted(ballot)
        if not ballot.poll.is_anonymous:
            names = [str(ballot.poll.options[option].persistent_id) for option in chosen]
            user = voter if as_chat is None else None
            answer = PollAnswer(poll_id, chosen, user, as_chat, option_persistent_ids=names)
            self._tell("poll_answer", {**answer.to_dict(), "option_ids": list(chosen), "option_persistent_ids": names})
        self._changed(ballot)
        self._tell("poll", ballot.poll.to_dict())

    def close(self, poll_id: str) -> Poll:
        """End a poll; ending it twice is fine."""
        ballot = self.ballot(poll_id)
        if ballot.timer is not None:
            ballot.timer.cancel()
        if not ballot.poll.is_closed:
            ballot.poll = Poll.de_json({**ballot.poll.to_dict(), "is_closed": True}, None)
            self._changed(ballot)
            self._tell("poll", ballot.poll.to_dict())
        return ballot.poll

    def stop(self) -> None:
        """Let no timer outlive the playground."""
        for ballot in self._ballots.values():
            if ballot.timer is not None:
                ballot.timer.cancel()


def _check_vote(ballot: Ballot, voter_id: int, chosen: tuple[int, ...]) -> None:
    poll = ballot.poll
    if poll.is_closed:
        raise PlaygroundError("the poll is closed")
    if not all(0 <= option < len(poll.options) for option in chosen):
        raise PlaygroundError(f"expected options from 0 to {len(poll.options) - 1}, got {chosen}")
    if len(chosen) > 1 and not poll.allows_multiple_answers:
        raise PlaygroundError("the poll takes one answer")
    if voter_id in ballot.votes and not poll.allows_revoting:
        raise PlaygroundError("the poll takes no second vote")


def _counted(ballot: Ballot) -> Poll:
    """The poll with its votes counted."""
    counts = [sum(number in chosen for chosen in ballot.votes.values()) for number in range(len(ballot.poll.options))]
    options = [
        PollOption(option.text, count, persistent_id=option.persistent_id).to_dict()
        for option, count in zip(ballot.poll.options, counts, strict=True)
    ]
    values = {**ballot.poll.to_dict(), "options": options, "total_voter_count": len(ballot.votes)}
    return Poll.de_json(values, None)
