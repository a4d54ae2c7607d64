"""What people see of a bot that is in trouble."""

from bot.playground import Playground


def said_by_the_bot(playground: Playground, chat: int) -> list[str]:
    """The bot's messages in a chat, as they stand there now, oldest first."""
    bot = playground.world.bot.id
    return [m.text or "" for m in playground.history(chat) if m.from_user is not None and m.from_user.id == bot]
