"""Chats and their members."""

from typing import Any

from telegram import (
    AcceptedGiftTypes,
    ChatFullInfo,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberOwner,
    ChatPermissions,
    User,
)

from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, method
from bot.playground.world import Room

_ADMINISTRATORS = ("creator", "administrator")
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
        permissions=None if request.room().is_private else ChatPermissions.all_permissions(),
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
    running = [user_id for user_id, status in room.members.items() if status in _ADMINISTRATORS]
    return [membership(room, world.person(user_id)).to_dict() for user_id in running]


@method("getChatMemberCount")
async def get_chat_member_count(request: Request) -> int:
    """How many are in a chat, the bot with them."""
    room = request.room()
    return sum(room.has(user_id) for user_id in room.members)


@method("leaveChat")
async def leave_chat(request: Request) -> bool:
    """The bot goes."""
    room = request.room_to_write()
    if room.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    bot = request.service.world.bot
    request.service.post(room, bot, left_chat_member=bot)
    room.members[bot.id] = ChatMember.LEFT
    request.service.feed.publish("members", chat_id=room.chat.id, members=dict(room.members))
    return True


def membership(room: Room, user: User) -> ChatMember:
    """What this user is in this chat, as Telegram tells it."""
    match room.members.get(user.id, ChatMember.LEFT):
        case "creator":
            return ChatMemberOwner(user, is_anonymous=False)
        case "administrator":
            return _administrator(user)
        case "member" | "restricted":
            return ChatMemberMember(user)
        case "kicked":
            return ChatMemberBanned(user, 0)  # type: ignore[arg-type]
        case _:
            return ChatMemberLeft(user)


def _administrator(user: User) -> ChatMemberAdministrator:
    return ChatMemberAdministrator(
        user,
        can_be_edited=False,
        is_anonymous=False,
        can_manage_chat=True,
        can_delete_messages=True,
        can_manage_video_chats=True,
        can_restrict_members=True,
        can_promote_members=False,
        can_change_info=True,
        can_invite_users=True,
        can_post_stories=False,
        can_edit_stories=False,
        can_delete_stories=False,
    )
