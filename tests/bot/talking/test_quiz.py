import datetime as dt
import json
import random

from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, Poll

from bot.playground import faults
from bot.storage.game_book import TAKEN_FOR_REAL, GameBook
from bot.storage.games import Games
from bot.storage.ratings import Rating, Ratings
from bot.storage.users import User
from bot.talking.quiz import LONGEST, MADE_UP, Real, arrange, choose, tidy
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.stage import Stage

LINES = tuple(f"Line number {number} was written by somebody, once upon a time." for number in range(20))


def stage_with(address: str, lines: tuple[str, ...] = LINES) -> Stage:
    generator = FakeGenerator()
    return Stage(address, generator, loader=FakeLoader(generator, lines=lines))


async def play(stage: Stage, chat: int | None = None) -> Message:
    chat = stage.group if chat is None else chat
    seen = {message.message_id for message in stage.playground.history(chat)}
    await stage.playground.say(chat, stage.you, "/quiz")
    return await stage.playground.until(chat, lambda m: m.poll is not None and m.message_id not in seen)


def poll_of(message: Message) -> Poll:
    assert message.poll is not None
    return message.poll


def real_option(message: Message) -> int:
    return next(n for n, option in enumerate(poll_of(message).options) if option.text in LINES)


async def ratings(stage: Stage) -> list[Rating]:
    async with stage.database.reading() as connection:
        return await Ratings(connection).of_prompts([prompt.id for prompt in await stage.prompts()])


async def test_a_quiz_hides_one_real_line_among_three_made_up_ones(address: str) -> None:
    async with stage_with(address) as stage:
        message = await play(stage)
        poll = poll_of(message)
        assert (poll.type, poll.is_anonymous, len(poll.options)) == ("quiz", False, 1 + MADE_UP)
        whole = [option.text for option in poll.options if option.text in LINES]
        assert len(whole) == 1
        call = stage.playground.calls.of("sendPoll")[0]
        (correct,) = json.loads(call.parameters["correct_option_ids"])
        assert poll.options[correct].text == whole[0]
        await stage.idle()
        prompts = await stage.prompts()
        assert [(p.asked.kind, p.asked.part, p.answer.outcome) for p in prompts] == [
            ("quiz", part, "answered") for part in range(MADE_UP)
        ]
        assert {p.answer.reply_message_id for p in prompts} == {message.message_id}
        assert all(p.answer.latency_ms is not None for p in prompts)


async def test_who_sees_through_it_has_a_point_and_who_does_not_rates_the_made_up_line(address: str) -> None:
    async with stage_with(address) as stage:
        first, second = list(stage.playground.world.group.members)[:2]
        message = await play(stage)
        right = real_option(message)
        wrong = (right + 1) % 4
        await stage.playground.vote(stage.group, message.message_id, first, right)
        await stage.playground.vote(stage.group, message.message_id, second, wrong)
        await stage.idle()
        assert [(score.user_id, score.points) for score in await GameBook(stage.database).best(stage.group)] == [
            (first, 1)
        ]
        (rating,) = await ratings(stage)
        assert (rating.user_id, rating.kind, rating.value) == (second, "quiz", TAKEN_FOR_REAL)
        fooled_by = next(prompt for prompt in await stage.prompts() if prompt.id == rating.prompt_id)
        assert tidy(fooled_by.answer.reply_text or "") == poll_of(message).options[wrong].text


async def test_the_first_answer_counts_and_after_a_restart_too(address: str) -> None:
    async with stage_with(address) as stage:
        message = await play(stage)
        await stage.idle()
        await stage.restart()
        right, poll_id = real_option(message), poll_of(message).id
        you = {"id": stage.you, "is_bot": False, "first_name": "You"}
        for option in ((right + 1) % 4, right, right):
            answer = {"poll_id": poll_id, "user": you, "option_ids": [option], "option_persistent_ids": [str(option)]}
            await stage.deliver_update("poll_answer", answer)
            await stage.idle()
        assert await GameBook(stage.database).best(stage.group) == []
        other = {"poll_id": poll_id, "user": {**you, "id": 7}, "option_ids": [right], "option_persistent_ids": ["0"]}
        await stage.deliver_update("poll_answer", other)
        await stage.deliver_update("poll_answer", other)
        await stage.idle()
        assert [score.points for score in await GameBook(stage.database).best(stage.group)] == [1]


async def test_odd_answers_count_for_nothing(stage: Stage) -> None:
    you = {"id": stage.you, "is_bot": False, "first_name": "You"}
    for answer in (
        {"poll_id": "1", "user": you, "option_ids": [0]},
        {"poll_id": "1", "user": you, "option_ids": []},
        {"poll_id": "1", "voter_chat": {"id": -5, "type": "group", "title": "G"}, "option_ids": [0]},
    ):
        await stage.deliver_update("poll_answer", {**answer, "option_persistent_ids": []})
    await stage.settled()
    assert await GameBook(stage.database).best(stage.group) == []


async def test_the_button_below_brings_the_next_one_once(address: str) -> None:
    async with stage_with(address) as stage:
        message = await play(stage)
        press = await stage.playground.press_label(stage.group, message.message_id, "▶ Another one", stage.you)
        data = stage.playground.calls.of("sendPoll")[0].parameters["reply_markup"]
        await press.answer
        await stage.playground.until(stage.group, lambda m: m.poll is not None and m.message_id != message.message_id)
        assert "quiz.next" in data
        await stage.settled(stage.group)
        polls = [m for m in stage.playground.history(stage.group) if m.poll is not None]
        assert [bool(m.reply_markup and m.reply_markup.inline_keyboard) for m in polls] == [False, True]


async def ask_who(stage: Stage, message: Message) -> Message:
    """The quiz about one line that the button under another one brings."""
    press = await stage.playground.press_label(stage.group, message.message_id, "🤖 Human or machine?", stage.you)
    await press.answer
    await stage.idle()
    return next(m for m in reversed(stage.playground.history(stage.group)) if m.poll is not None)


async def test_one_line_may_be_a_humans_or_the_machines(address: str) -> None:
    async with stage_with(address) as stage:
        first, second = list(stage.playground.world.group.members)[:2]
        message, seen = await play(stage), set()
        while len(seen) < 2:
            message = await ask_who(stage, message)
            poll, before = poll_of(message), await ratings(stage)
            assert [option.text for option in poll.options] == ["A human", "This machine"]
            is_real = any(f"“{line}”" in poll.question for line in LINES)
            points = {score.user_id: score.points for score in await GameBook(stage.database).best(stage.group)}
            for user, option in ((first, 0), (second, 1)):
                await stage.playground.vote(stage.group, message.message_id, user, option)
            await stage.idle()
            right = first if is_real else second
            points[right] = points.get(right, 0) + 1
            now = await GameBook(stage.database).best(stage.group)
            assert {score.user_id: score.points for score in now} == points
            made_up = (await stage.prompts())[-1]
            assert (made_up.answer.reply_message_id is None) == is_real
            rated = [(r.prompt_id, r.user_id, r.value) for r in (await ratings(stage))[len(before) :]]
            assert rated == ([] if is_real else [(made_up.id, first, TAKEN_FOR_REAL)])
            seen.add(is_real)


async def test_a_quiz_handled_again_is_the_same_quiz_and_sent_once(address: str) -> None:
    async with stage_with(address) as stage:
        update_id = await stage.deliver_command("/quiz", chat=stage.group)
        await stage.playground.calls.wait("sendPoll")
        await stage.deliver_command("/quiz", chat=stage.group, update_id=update_id)
        await stage.settled(stage.group)
        assert len(stage.playground.calls.of("sendPoll")) == 1
        assert len(await stage.prompts()) == MADE_UP


async def test_a_poll_whose_arrival_nobody_confirmed_is_found_and_counts(address: str) -> None:
    async with stage_with(address) as stage:
        stage.playground.faults.add(faults.dropped_after(), method="sendPoll")
        await stage.playground.say(stage.group, stage.you, "/quiz")
        await stage.playground.calls.wait("editMessageReplyMarkup", where=lambda call: call.status == 200)
        await stage.idle()
        (message,) = [m for m in stage.playground.history(stage.group) if m.poll is not None]
        async with stage.database.reading() as connection:
            game = await Games(connection).find_poll(poll_of(message).id)
        assert game is not None
        assert game.message_id == message.message_id


async def test_without_lines_a_chat_is_told_why(stage: Stage) -> None:
    assert "no real lines" in await stage.ask("/quiz")


async def test_a_chat_that_takes_no_polls_is_told(address: str) -> None:
    async with stage_with(address) as stage:
        stage.playground.faults.add(faults.error(400, "not enough rights to send polls"), method="sendPoll")
        assert "may not send polls" in await stage.ask("/quiz", stage.group)


async def test_what_members_let_be_kept_is_real_too(address: str) -> None:
    async with stage_with(address, lines=()) as stage:
        words = "My grandmother kept a parrot that could not stop talking"
        await stage.ask(f"/seed {words}", stage.group)
        assert "no real lines" in await stage.ask("/quiz", stage.group)
        question, at = stage.terms.question(), dt.datetime.now(dt.UTC)
        await stage.application.bot_data.consents.decide(User(stage.you, "You"), question, "allowed", at)
        await stage.ask(f"/seed {words} all day", stage.group)
        await stage.settled(stage.group)
        options = [option.text for option in poll_of(await play(stage)).options]
        assert f"{words} all day" in options
        assert all(option.startswith(("My", f"{words}")) for option in options)


async def test_the_top_shows_this_week_and_all_time(address: str) -> None:
    async with stage_with(address) as stage:
        assert "/quiz" in await stage.ask("/top", stage.group)
        for _ in range(2):
            message = await play(stage)
            await stage.playground.vote(stage.group, message.message_id, stage.you, real_option(message))
            await stage.idle()
        top = await stage.ask("/top", stage.group)
        assert top.count("2 points") == 2
        assert "This week" in top
        assert "@" not in top


@given(st.lists(st.text(max_size=300), max_size=8), st.integers())
def test_whatever_the_lines_options_fit_and_differ(texts: list[str], seed: int) -> None:
    rng = random.Random(seed)
    chosen = choose([Real(text) for text in texts], rng)
    if chosen is None:
        assert all(len(tidy(text)) < 25 for text in texts)
        return
    real, beginnings = chosen
    assert len(beginnings) == MADE_UP
    order = arrange(tidy(real.text), texts, rng)
    options = [tidy([real.text, *texts][number]) for number in order]
    assert len(tidy(real.text)) <= LONGEST
    assert order.count(0) == 1
    assert len(set(options)) <= len(options)
