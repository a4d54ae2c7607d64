"""The world as the page sees it: everything at once, as JSON.

It knows no HTTP.
"""

from typing import Any

from telegram import User

from bot.playground.feed import Event
from bot.playground.roles import may_send
from bot.playground.service import Service, named
from bot.playground.world import Room

_HISTORY = 300  # messages of a chat that the page gets


def state(service: Service) -> Event:
    """Everything a page needs to draw itself."""
    world = service.world
    shown = [room for room in world.rooms.values() if room.started and room.migrated_to is None]
    return {
        "type": "state",
        "bot": {"id": world.bot.id, "name": world.bot.first_name, "username": world.bot.username},
        "description": service.profile.text("description", world.you.language_code or ""),
        "you": world.you.id,
        "people": [_person(person) for person in world.people.values()],
        "switches": {"privacy": service.privacy, "guests": service.guests, "inline": service.inline},
        "chats": [_chat(service, room) for room in shown],
    }


def _person(person: User) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.first_name,
        "username": person.username,
        "language": person.language_code,
    }


def _chat(service: Service, room: Room) -> dict[str, Any]:
    people, chat_id = service.world.people, room.chat.id
    members = [user_id for user_id in room.members if user_id in people and room.has(user_id)]
    draft = service.drafts.get(chat_id)
    return {
        "id": chat_id,
        "kind": room.chat.type,
        "private": room.is_private,
        "title": room.chat.title or room.chat.first_name,
        "members": members,
        "roles": {str(user_id): role for user_id, role in room.members.items()},
        "anonymous": sorted(room.anonymous),
        "writers": [user_id for user_id in members if may_send(room, user_id, "messages")],
        "topics": [{"id": thread, "name": name} for thread, name in room.topics.items()],
        "messages": [service.seen(message) for message in list(room.messages.values())[-_HISTORY:]],
        "draft": None if draft is None else {"draft_id": draft[0], "text": draft[1]},
        "reactions": {
            str(message_id): named(reactions)
            for (where, message_id), reactions in service.reactions.items()
            if where == chat_id and reactions
        },
        "menu": {
            str(user_id): [
                {"command": each.command, "description": each.description}
                for each in service.profile.menu(room, user_id, people[user_id].language_code or "")
            ]
            for user_id in members
        },
    }
