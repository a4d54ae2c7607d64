"""Chats and their members."""

from typing import Any

from telegram import AcceptedGiftTypes, Chat, ChatFullInfo, ChatMember, ChatMemberUpdated, ChatPermissions

from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, method
from bot.playground.roles import is_administrator, membership
from bot.playground.world import now

_NO_GIFTS = AcceptedGiftTypes(False, False, False, False, False)


@method("getChat")
async def get_chat(request: Request) -> dict[str, Any]:
    """All about a chat."""
    chat = request.room().chat
    return ChatFullInfo(
        chat.id,
        chat.type,
        accent_color_id=abs(chat.id) % 7,
        max_reaction_count=11,
        accepted_gift_types=_NO_GIFTS,
        title=chat.title,
        username=chat.username,
        first_name=chat.first_name,
        last_name=chat.last_name,
        is_forum=chat.is_forum,
        permissions=ChatPermissions.all_permissions() if chat.type in (Chat.GROUP, Chat.SUPERGROUP) else None,
    ).to_dict()


@method("getChatMember")
async def get_chat_member(request: Request) -> dict[str, Any]:
    """What somebody is in a chat."""
    room, service = request.room(), request.service
    user_id = request.parameters.integer("user_id")
    user = service.world.bot if user_id == service.world.bot.id else service.world.people.get(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return membership(room, user).to_dict()


@method("getChatAdministrators")
async def get_chat_administrators(request: Request) -> list[dict[str, Any]]:
    """Who runs a group, without the bots but this one."""
    room, world = request.room(), request.service.world
    if room.is_private:
        raise bad_request("there are no administrators in the private chat")
    running = [user_id for user_id in room.members if is_administrator(room, user_id)]
    return [membership(room, world.person(user_id)).to_dict() for user_id in running]


@method("getChatMemberCount")
async def get_chat_member_count(request: Request) -> int:
    """How many are in a chat, the bot with them."""
    room = request.room()
    return sum(room.has(user_id) for user_id in room.members)


@method("leaveChat")
async def leave_chat(request: Request) -> bool:
    """The bot goes."""
    room, service = request.room_to_act(), request.service
    if room.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    bot = service.world.bot
    old = membership(room, bot)
    service.post(room, bot, left_chat_member=bot)
    room.members[bot.id] = ChatMember.LEFT
    moved = ChatMemberUpdated(room.chat, bot, now(), old, membership(room, bot))
    service.updates.add("my_chat_member", moved.to_dict())
    service.changed_world()
    return True
