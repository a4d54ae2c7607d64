"""`/surprise <text>`, or in answer to a message: a picture of how much each character surprised the network."""

import asyncio
import logging
import math

from telegram import Message, Update
from telegram.error import BadRequest

from bot.context import BotContext, phrases_for
from bot.errors import GenerationFailed, SchedulerFull, TurnTooSlow
from bot.handlers.commands import Call
from bot.languages import N_, NN_, Phrases
from bot.pictures.surprise import Words, draw_surprise, shorten, unseen
from bot.sending.manners import defuse, plain
from bot.sending.parcels import Photo, send_once
from bot.sending.replies import reply
from bot.sending.spot import spot_of
from bot.storage.book import NOTHING
from bot.talking.conversation import scheduler_for
from bot.text import clean

USAGE = N_("Give me a text, or answer a message with /surprise, and I will show you what surprised me in it.")
CAPTION = N_("{bits} bits per character. What surprised me most: “{character}” after “{before}”.")
CAPTION_FIRST = N_("{bits} bits per character. What surprised me most: “{character}”, right at the beginning.")
CUT = N_("This is the beginning; the whole would not fit into a picture.")
BOXES = NN_(
    "I have no letter for {number} of these characters: a box stands for it.",
    "I have no letters for {number} of these characters: boxes stand for them.",
)
NO_PICTURES = N_("Telegram does not let me send pictures in this chat.")
UNIT = N_("bits per character")
TITLE = N_("How much each character surprised me")
LOW = N_("I saw it coming")
HIGH = N_("I did not expect that")

_log = logging.getLogger(__name__)

_SHOWN_BEFORE = 12  # characters of what stood before the most surprising one


async def surprise_command(update: Update, call: Call, context: BotContext) -> None:
    """The text after the command, else that of the message it answers."""
    say = await phrases_for(update, context)
    given = call.argument if call.argument.strip() else _answered(call.message)
    text = plain(clean(given)).strip()
    if not text:
        await reply(update, say(USAGE), context)
        return
    shown = shorten(text)
    scheduler = await scheduler_for(call.message.chat.id, NOTHING, context)
    try:
        scored = await scheduler.surprise(shown, call.message.chat.id)
    except (SchedulerFull, TurnTooSlow, GenerationFailed) as refusal:
        await reply(update, say.of(refusal), context)
        return
    bits = _bits(scored)
    words = Words(bits, say(UNIT), say(TITLE), say(LOW), say(HIGH), f"@{context.bot.username}")
    picture = await asyncio.to_thread(draw_surprise, scored, words)
    caption = _caption(scored, bits, say) + (f"\n{say(CUT)}" if len(shown) < len(text) else "")
    if (boxes := await asyncio.to_thread(unseen, shown)) > 0:
        caption += f"\n{say.count(BOXES, boxes)}"
    try:
        await send_once(Photo(picture, caption), spot_of(call.message), update, context)
    except BadRequest as error:
        _log.warning("a picture was not sent: %s", type(error).__name__)
        await reply(update, say(NO_PICTURES), context)


def _answered(message: Message) -> str:
    """The words that a message answers: the part of them that it quotes, if it does."""
    if message.quote is not None:
        return message.quote.text
    answered = message.reply_to_message
    return "" if answered is None else answered.text or answered.caption or ""


def _bits(scored: tuple[tuple[str, float], ...]) -> str:
    return f"{sum(nats for _, nats in scored) / math.log(2) / len(scored):.2f}"


def _caption(scored: tuple[tuple[str, float], ...], bits: str, say: Phrases) -> str:
    place = max(range(len(scored)), key=lambda place: scored[place][1])
    character = scored[place][0].replace("\n", "↵")
    before = end_of("".join(each for each, _ in scored[:place]).replace("\n", "↵").strip())
    if not before:
        return say(CAPTION_FIRST, bits=bits, character=character)
    return say(CAPTION, bits=bits, character=character, before=defuse(before))


def end_of(text: str) -> str:
    """Its last characters, from the beginning of a word if one begins among them."""
    if len(text) <= _SHOWN_BEFORE:
        return text
    cut = text[-_SHOWN_BEFORE:]
    return "…" + (cut if text[-_SHOWN_BEFORE - 1] == " " else cut.partition(" ")[2] or cut).lstrip()
