"""Reactions to a reply are opinions on its prompt: what somebody thinks now, in place of what they thought before."""

import datetime as dt

from telegram import ReactionType, ReactionTypeCustomEmoji, ReactionTypeEmoji, Update

from bot.context import BotContext
from bot.storage.ratings import Rating
from bot.storage.users import User

_PAID = "⭐"


async def on_reaction(update: Update, context: BotContext) -> None:
    """Somebody reacts, otherwise, or no longer. Anonymous administrators tell us nothing that could be taken back."""
    change = update.message_reaction
    if change is None or change.user is None or change.user.is_bot:
        return
    book, person = context.bot_data.book, change.user
    prompt = await book.prompt_of_message(change.chat.id, change.message_id)
    if prompt is None:
        return
    at = change.date if change.date.tzinfo else change.date.replace(tzinfo=dt.UTC)
    new = [Rating(prompt.id, person.id, "reaction", _value(reaction), at) for reaction in change.new_reaction]
    user = User(person.id, person.full_name, person.username, person.language_code)
    await book.replace_ratings(prompt.id, user, "reaction", new)


def _value(reaction: ReactionType) -> str:
    """The emoji; of one that somebody designed, its id; a star for a paid one."""
    if isinstance(reaction, ReactionTypeEmoji):
        return reaction.emoji
    return reaction.custom_emoji_id if isinstance(reaction, ReactionTypeCustomEmoji) else _PAID
