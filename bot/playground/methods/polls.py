"""Polls and quizzes: sent and stopped."""

import datetime as dt
import secrets
from typing import Any

from telegram import Poll, PollOption

from bot.playground.entities import clean
from bot.playground.errors import bad_request
from bot.playground.methods.content import read_keyboard
from bot.playground.methods.editing import keyboard_json
from bot.playground.methods.messages import post
from bot.playground.methods.registry import Request, method
from bot.playground.parameters import Parameters
from bot.playground.world import as_json, now

_MAX_QUESTION, _MAX_OPTION, _MAX_OPTIONS, _MAX_EXPLANATION = 300, 100, 12, 200
_OPEN = range(5, 2_628_001)  # seconds


@method("sendPoll")
async def send_poll(request: Request) -> dict[str, Any]:
    """A question with 1 to 12 answers to vote for; a quiz has right ones among them."""
    room = request.room_to_write("polls")
    return as_json(post(request, room, poll=_read_poll(request.parameters)))


@method("stopPoll")
async def stop_poll(request: Request) -> dict[str, Any]:
    """End one of the bot's own polls; the poll as it then stands."""
    room, service = request.room_to_act(), request.service
    keyboard = read_keyboard(request.parameters, only_inline=True)
    message = room.messages.get(request.parameters.integer("message_id"))
    if message is None:
        raise bad_request("message with poll to stop not found")
    if message.poll is None:
        raise bad_request("message is not a poll")
    if not service.is_own(message):
        raise bad_request("poll can't be stopped")
    if message.poll.is_closed:
        raise bad_request("poll has already been closed")
    if keyboard != message.reply_markup:
        service.change(room, message, by_bot=True, mark=False, reply_markup=keyboard_json(keyboard))
    return service.polls.close(message.poll.id).to_dict()


def _read_poll(given: Parameters) -> Poll:
    if any(given.has(name) for name in ("question_parse_mode", "explanation_parse_mode", "description_parse_mode")):
        raise bad_request("the playground reads no parse_mode: send entities")
    question = _words(given.text("question"))
    if len(question) > _MAX_QUESTION:
        raise bad_request(f"poll question length must not exceed {_MAX_QUESTION}")
    options = _read_options(given)
    kind = given.text("type") or Poll.REGULAR
    if kind not in (Poll.REGULAR, Poll.QUIZ):
        raise bad_request("unsupported poll type specified")
    several = given.boolean("allows_multiple_answers")
    revoting = given.boolean("allows_revoting") if given.has("allows_revoting") else kind == Poll.REGULAR
    return Poll(
        str(secrets.randbits(62)),
        question,
        options,
        total_voter_count=0,
        is_closed=given.boolean("is_closed"),
        is_anonymous=given.boolean("is_anonymous") if given.has("is_anonymous") else True,
        type=kind,
        allows_multiple_answers=several,
        allows_revoting=revoting,
        members_only=given.boolean("members_only"),
        correct_option_ids=_read_correct(given, len(options), several=several) if kind == Poll.QUIZ else None,
        explanation=_read_explanation(given) if kind == Poll.QUIZ else None,
        open_period=given.integer("open_period") if given.has("open_period") else None,
        close_date=_read_end(given),
    )


def _words(value: Any) -> str:
    text = clean(value).strip() if isinstance(value, str) else ""
    if not text:
        raise bad_request("text must be non-empty")
    return text


def _read_options(given: Parameters) -> list[PollOption]:
    values = given.json_list("options") or []
    if not values:
        raise bad_request("poll must have at least one answer option")
    if len(values) > _MAX_OPTIONS:
        raise bad_request(f"poll can't have more than {_MAX_OPTIONS} options")
    texts = [_words(value.get("text") if isinstance(value, dict) else value) for value in values]
    if any(len(text) > _MAX_OPTION for text in texts):
        raise bad_request(f"poll options length must not exceed {_MAX_OPTION}")
    return [PollOption(text, 0, persistent_id=str(number)) for number, text in enumerate(texts)]


def _read_correct(given: Parameters, count: int, *, several: bool) -> list[int]:
    values = given.json_list("correct_option_ids") or []
    if not values and given.has("correct_option_id"):
        values = [given.integer("correct_option_id")]
    numbers = [value for value in values if isinstance(value, int) and 0 <= value < count]
    if not numbers or len(numbers) < len(values) or sorted(set(numbers)) != numbers:
        raise bad_request("wrong correct option ID specified")
    if len(numbers) > 1 and not several:
        raise bad_request("wrong correct option ID specified")
    return numbers


def _read_explanation(given: Parameters) -> str | None:
    text = clean(given.text("explanation")).strip()
    if len(text) > _MAX_EXPLANATION or text.count("\n") > 2:
        raise bad_request("explanation is too long")
    return text or None


def _read_end(given: Parameters) -> dt.datetime | None:
    """When the poll ends by itself."""
    if given.has("open_period") and given.has("close_date"):
        raise bad_request("can't specify both open_period and close_date")
    if not (given.has("open_period") or given.has("close_date")):
        return None
    moment = now()
    start = int(moment.timestamp())
    seconds = given.integer("open_period") if given.has("open_period") else given.integer("close_date") - start
    if seconds not in _OPEN:
        raise bad_request("a poll is open for 5 to 2628000 seconds")
    return moment + dt.timedelta(seconds=seconds)
