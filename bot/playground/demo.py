"""The world that `cotorra demo` opens: a private chat, a lively group, topics, a channel, a group without the bot.

It knows no HTTP.
"""

from telegram import Chat, User

from bot.playground.world import World


def demo_world(bot: User) -> World:
    """You and four friends, who speak different languages, in five chats."""
    world = World(bot)
    you = world.add_person("You", username="you")
    ana = world.add_person("Ana", username="ana", language_code="es")
    bruno = world.add_person("Bruno", username="bruno", language_code="pt")
    chen = world.add_person("Chen", username="chen", language_code="en")
    dora = world.add_person("Dora", username="dora", language_code="de")
    world.private(you.id).started = True
    aviary = world.add_group("The Aviary", [you, ana, bruno, chen, dora])
    aviary.members[ana.id] = "administrator"
    books = world.add_group("Book Club", [ana, you, chen], is_forum=True)
    books.topics = {books.new_message_id(): name for name in ("Novels", "Poems")}
    world.add_group("Parrot News", [you, ana, bruno], kind=Chat.CHANNEL)
    world.add_group("No parrots here", [you, bruno, dora], kind=Chat.GROUP, with_bot=False)
    return world
