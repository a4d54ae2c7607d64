"""What the bot is made of, for whoever wants to know: `/about`."""

from importlib.metadata import version

from telegram import Update

from bot.context import BotContext, phrases_for
from bot.generating.voices import Voice
from bot.handlers.commands import Call
from bot.languages import N_, Phrases
from bot.sending.replies import reply

WHAT = N_("I am Cotorra, a character-level LSTM: I choose one character after another. What I say is made up.")
VOICE = N_("My voice here: {name}")
NETWORK = N_("Network: {network}, {alphabet:,} characters")
CORPUS = N_("Corpus: {name}, {characters:,} characters, SHA-256 {digest}")
BITS = N_("On text I was not trained on: {bits:.2f} bits per character")
WEIGHTS = N_("Weights: {weights}")
OPERATOR = N_("Run by {operator}.")
PROGRAM = N_("Program: Cotorra {version}, free software under the MIT licence")
KEPT = N_("What I keep of you: /privacy")

_DIGITS = 16  # of a digest: enough to tell two corpora apart, and to find the right one by


async def about_command(update: Update, call: Call, context: BotContext) -> None:
    """`/about`."""
    services = context.bot_data
    settings = await services.book.settings(call.message.chat.id)
    say = await phrases_for(update, context)
    lines = [
        say(WHAT),
        "",
        *_card(services.voices.get(settings.voice), say),
        say(PROGRAM, version=version("cotorra")),
        "",
    ]
    if services.terms.operator:
        lines.append(say(OPERATOR, operator=services.terms.operator))
    await reply(update, "\n".join([*lines, say(KEPT)]), context)


def _card(voice: Voice, say: Phrases) -> list[str]:
    """What the checkpoint tells of itself; nothing of what it does not know."""
    card = voice.card
    lines = [say(VOICE, name=voice.name)]
    if card.network:
        lines.append(say(NETWORK, network=card.network, alphabet=card.alphabet))
    if card.corpus is not None and card.characters is not None and card.corpus_digest is not None:
        digest = card.corpus_digest[:_DIGITS]
        lines.append(say(CORPUS, name=card.corpus, characters=card.characters, digest=digest))
    if card.bits is not None:
        lines.append(say(BITS, bits=card.bits))
    return [*lines, say(WEIGHTS, weights=card.weights[:_DIGITS])]
