"""What somebody is in a chat and may do there: roles and permissions, as Telegram tells of them.

It knows no update and no HTTP.
"""

from dataclasses import dataclass, fields

from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberOwner,
    ChatMemberRestricted,
    User,
)

from bot.playground.world import Room

ADMINISTRATORS = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR})
ROLES = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER, ChatMember.RESTRICTED)


@dataclass(frozen=True)
class Permissions:
    """What a restricted member may still send; nothing, unless it is said."""

    messages: bool = False
    photos: bool = False
    documents: bool = False
    polls: bool = False
    other: bool = False  # what comes through inline bots, stickers


MUTED = Permissions()
KINDS = tuple(field.name for field in fields(Permissions))


def is_administrator(room: Room, user_id: int) -> bool:
    """Whether this user runs the chat."""
    return room.members.get(user_id) in ADMINISTRATORS


def may_send(room: Room, user_id: int, kind: str) -> bool:
    """Whether this user, who is in the chat, may send there; `kind` is a field of Permissions."""
    if room.is_channel:
        return is_administrator(room, user_id)
    if room.members.get(user_id) != ChatMember.RESTRICTED:
        return True
    return bool(getattr(room.restrictions.get(user_id, MUTED), kind))


def membership(room: Room, user: User, status: str | None = None) -> ChatMember:
    """What this user is in this chat; `status` in place of the one they have now."""
    match status or room.members.get(user.id, ChatMember.LEFT):
        case ChatMember.OWNER:
            return ChatMemberOwner(user, is_anonymous=user.id in room.anonymous)
        case ChatMember.ADMINISTRATOR:
            return _administrator(user, room)
        case ChatMember.MEMBER:
            return ChatMemberMember(user)
        case ChatMember.RESTRICTED:
            return _restricted(user, room.restrictions.get(user.id, MUTED))
        case ChatMember.BANNED:
            return ChatMemberBanned(user, 0)  # type: ignore[arg-type]
        case _:
            return ChatMemberLeft(user)


def _administrator(user: User, room: Room) -> ChatMemberAdministrator:
    in_channel = True if room.is_channel else None
    in_group = None if room.is_channel else True
    return ChatMemberAdministrator(
        user,
        can_be_edited=False,
        is_anonymous=user.id in room.anonymous,
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
        can_post_messages=in_channel,
        can_edit_messages=in_channel,
        can_pin_messages=in_group,
        can_manage_topics=in_group if room.chat.is_forum else None,
    )


def _restricted(user: User, may: Permissions) -> ChatMemberRestricted:
    return ChatMemberRestricted(
        user,
        is_member=True,
        can_change_info=False,
        can_invite_users=False,
        can_pin_messages=False,
        can_send_messages=may.messages,
        can_send_polls=may.polls,
        can_send_other_messages=may.other,
        can_add_web_page_previews=may.messages,
        can_manage_topics=False,
        until_date=0,  # type: ignore[arg-type]
        can_send_audios=may.other,
        can_send_documents=may.documents,
        can_send_photos=may.photos,
        can_send_videos=may.other,
        can_send_video_notes=may.other,
        can_send_voice_notes=may.other,
        can_edit_tag=False,
        can_react_to_messages=True,
    )
