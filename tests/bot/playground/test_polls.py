"""Polls and quizzes: their rules, their votes, their end, and what the bot learns."""

import pytest
from telegram import Bot, InputPollOption, Message, Poll, Update
from telegram.error import BadRequest

from bot.playground import NotInTheWorld, Playground, PlaygroundError
from tests.bot.playground.conftest import Ask

ANIMALS = ["parrot", "cat", "dog"]


async def updates(bot: Bot) -> tuple[Update, ...]:
    """What waits for the bot, confirmed at once."""
    found = await bot.get_updates()
    if found:
        await bot.get_updates(offset=found[-1].update_id + 1)
    return found


def poll_of(playground: Playground, message: Message) -> Poll:
    poll = playground.world.message(message.chat.id, message.message_id).poll
    assert poll is not None
    return poll


async def test_a_sent_poll_comes_back_whole(playground: Playground, bot: Bot, group: int) -> None:
    sent = await bot.send_poll(group, "Which?", [*ANIMALS, InputPollOption("owl")], is_anonymous=False)
    assert sent.poll is not None
    assert [option.text for option in sent.poll.options] == [*ANIMALS, "owl"]
    assert (sent.poll.type, sent.poll.is_anonymous, sent.poll.is_closed) == ("regular", False, False)
    assert poll_of(playground, sent).id == sent.poll.id


async def test_a_vote_is_counted_and_told_with_the_voter_first(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS, is_anonymous=False)
    await playground.vote(group, sent.message_id, you, 1)
    answered, counted = await updates(bot)
    assert answered.poll_answer is not None
    assert answered.poll_answer.user is not None
    assert (answered.poll_answer.user.id, answered.poll_answer.option_ids) == (you, (1,))
    assert counted.poll is not None
    assert [option.voter_count for option in counted.poll.options] == [0, 1, 0]
    assert poll_of(playground, sent).total_voter_count == 1


async def test_a_vote_can_be_changed_and_taken_back_in_a_regular_poll(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS, is_anonymous=False)
    for options in ((0,), (0,), (2,), ()):
        await playground.vote(group, sent.message_id, you, *options)
    told = [update.poll_answer.option_ids for update in await updates(bot) if update.poll_answer]
    assert told == [(0,), (2,), ()]
    assert poll_of(playground, sent).total_voter_count == 0


async def test_an_anonymous_poll_tells_only_the_counts(playground: Playground, bot: Bot, you: int, group: int) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS)
    await playground.vote(group, sent.message_id, you, 0)
    (only,) = await updates(bot)
    assert only.poll is not None
    assert only.poll.total_voter_count == 1


async def test_an_anonymous_administrator_votes_as_the_group(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    await playground.promote(group, you, anonymous=True)
    sent = await bot.send_poll(group, "Which?", ANIMALS, is_anonymous=False)
    await playground.vote(group, sent.message_id, you, 0)
    answer = next(update.poll_answer for update in await updates(bot) if update.poll_answer)
    assert answer.user is None
    assert answer.voter_chat is not None
    assert answer.voter_chat.id == group


async def test_one_vote_in_a_quiz_and_several_only_where_they_are_allowed(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    quiz = await bot.send_poll(group, "Which?", ANIMALS, type="quiz", correct_option_ids=[2], explanation="so")
    assert quiz.poll is not None
    assert (quiz.poll.correct_option_ids, quiz.poll.explanation) == ((2,), "so")
    await playground.vote(group, quiz.message_id, you, 0)
    with pytest.raises(PlaygroundError, match="no second vote"):
        await playground.vote(group, quiz.message_id, you, 2)
    one = await bot.send_poll(group, "Which?", ANIMALS)
    with pytest.raises(PlaygroundError, match="one answer"):
        await playground.vote(group, one.message_id, you, 0, 1)
    many = await bot.send_poll(group, "Which?", ANIMALS, allows_multiple_answers=True)
    await playground.vote(group, many.message_id, you, 0, 1)
    assert [option.voter_count for option in poll_of(playground, many).options] == [1, 1, 0]


async def test_a_stopped_poll_takes_no_vote(playground: Playground, bot: Bot, you: int, group: int) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS)
    assert (await bot.stop_poll(group, sent.message_id)).is_closed
    assert poll_of(playground, sent).is_closed
    assert [update.poll.is_closed for update in await updates(bot) if update.poll] == [True]
    with pytest.raises(PlaygroundError, match="closed"):
        await playground.vote(group, sent.message_id, you, 0)
    with pytest.raises(BadRequest, match="Poll has already been closed"):
        await bot.stop_poll(group, sent.message_id)


async def test_only_a_poll_of_the_bot_can_be_stopped(playground: Playground, bot: Bot, you: int, group: int) -> None:
    said = await playground.say(group, you, "no poll")
    with pytest.raises(BadRequest, match="Message is not a poll"):
        await bot.stop_poll(group, said.message_id)
    with pytest.raises(BadRequest, match="Message with poll to stop not found"):
        await bot.stop_poll(group, 3)
    with pytest.raises(NotInTheWorld, match="no poll"):
        await playground.vote(group, said.message_id, you, 0)


async def test_a_poll_closes_when_its_time_is_over(playground: Playground, bot: Bot, group: int) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS, open_period=600)
    assert sent.poll is not None
    assert sent.poll.close_date is not None
    timer = playground.service.polls.ballot(sent.poll.id).timer
    assert timer is not None
    playground.close_poll(group, sent.message_id)
    assert timer.cancelled()
    assert poll_of(playground, sent).is_closed
    assert [update.poll.is_closed for update in await updates(bot) if update.poll] == [True]


async def test_no_timer_outlives_the_playground(playground: Playground, bot: Bot, group: int) -> None:
    sent = await bot.send_poll(group, "Which?", ANIMALS, open_period=600)
    assert sent.poll is not None
    timer = playground.service.polls.ballot(sent.poll.id).timer
    assert timer is not None
    await playground.stop()
    assert timer.cancelled()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"question": " "}, "text must be non-empty"),
        ({"question": "x" * 301}, "poll question length must not exceed 300"),
        ({"options": []}, "poll must have at least one answer option"),
        ({"options": ["x"] * 13}, "poll can't have more than 12 options"),
        ({"options": ["x", ""]}, "text must be non-empty"),
        ({"options": ["x", "y" * 101]}, "poll options length must not exceed 100"),
        ({"type": "quiz"}, "wrong correct option ID specified"),
        ({"type": "quiz", "correct_option_ids": [2]}, "wrong correct option ID specified"),
        ({"type": "quiz", "correct_option_ids": [0], "explanation": "x" * 201}, "explanation is too long"),
        ({"type": "riddle"}, "unsupported poll type specified"),
        ({"open_period": 4}, "a poll is open for 5 to 2628000 seconds"),
        ({"open_period": 60, "close_date": 4_000_000_000}, "can't specify both open_period and close_date"),
    ],
)
async def test_a_malformed_poll_is_refused(
    playground: Playground, ask: Ask, group: int, wrong: dict[str, object], reason: str
) -> None:
    answer = await ask("sendPoll", chat_id=group, **{"question": "Which?", "options": ["x", "y"], **wrong})
    assert answer.json()["description"] == f"Bad Request: {reason}"
    assert playground.history(group) == ()
