"""Who is in a chat and as what: people come and go, rise and are muted, groups grow topics and become supergroups.

It knows no HTTP; the page and the tests act through it.
"""

from telegram import Chat, ChatMember, ChatMemberUpdated, ForumTopicCreated, Message, User

from bot.playground.entities import clean
from bot.playground.errors import NotInTheWorld, PlaygroundError
from bot.playground.roles import ROLES, Permissions, is_administrator, may_send, membership
from bot.playground.service import Service
from bot.playground.world import Room, now

_TOPIC_COLOUR = 0x6FB9F0  # one of the six that Telegram has


class Members:
    """Everybody's place in every chat.

    Args:
        service: Where it all happens.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world = service.world

    def present(self, chat_id: int, user_id: int) -> tuple[Room, User]:
        """A chat and a person who is in it.

        Raises:
            NotInTheWorld: There is no such chat or person, or they are not in it.
        """
        room, person = self._world.room(chat_id), self._world.person(user_id)
        if room.migrated_to is not None:
            raise NotInTheWorld(f"chat {chat_id} has become the supergroup {room.migrated_to}")
        if not room.has(user_id):
            raise NotInTheWorld(f"{person.first_name} is not in chat {chat_id}")
        return room, person

    def writer(self, chat_id: int, user_id: int, kind: str, topic: int = 0) -> tuple[Room, User]:
        """A chat and a person who may send there; `kind` is a field of Permissions.

        Raises:
            PlaygroundError: They may not, or there is no such topic.
        """
        room, person = self.present(chat_id, user_id)
        if not may_send(room, user_id, kind):
            raise PlaygroundError(f"{person.first_name} may not send {kind} here")
        if topic and topic not in room.topics:
            raise NotInTheWorld(f"no topic {topic} in chat {chat_id}")
        return room, person

    def join(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Come into a group, or be added by somebody; the bot too can be added."""
        room, newcomer = self._group(chat_id), self._world.person(user_id)
        author = self._author(newcomer, by)
        self._move(room, newcomer, author, ChatMember.MEMBER)
        return self._service.post(room, author, new_chat_members=(newcomer,))

    def leave(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Leave a group, or be removed by somebody; the bot too can be removed."""
        room, goer = self._group(chat_id), self._world.person(user_id)
        author = self._author(goer, by)
        message = self._service.post(room, author, left_chat_member=goer)
        self._move(room, goer, author, ChatMember.LEFT if by is None else ChatMember.BANNED)
        return message

    def set_role(
        self,
        chat_id: int,
        user_id: int,
        role: str,
        by: int | None = None,
        *,
        anonymous: bool = False,
        may: Permissions | None = None,
    ) -> None:
        """Make a member the creator, an administrator, a plain or a restricted member.

        Args:
            chat_id: A group, supergroup or channel.
            user_id: A person in it, or the bot.
            role: "creator", "administrator", "member" or "restricted".
            by: Who does it; the group's creator, if nobody is named.
            anonymous: Whether an administrator appears as the group.
            may: What a restricted member may still send; nothing, if it is not said.

        Raises:
            PlaygroundError: There is no such role, chat or member.
        """
        room, user = self._group(chat_id), self._world.person(user_id)
        if role not in ROLES:
            raise PlaygroundError(f"expected a role among {', '.join(ROLES)}, got {role!r}")
        if not room.has(user_id):
            raise NotInTheWorld(f"{user.first_name} is not in chat {chat_id}")
        if role == ChatMember.RESTRICTED and room.chat.type != Chat.SUPERGROUP:
            raise PlaygroundError("only supergroups can restrict their members")
        author = self._author(self._creator(room), by)
        self._move(room, user, author, role, anonymous=anonymous, may=may)

    def block(self, user_id: int) -> None:
        """Block the bot in the private chat; whatever the person writes next unblocks it."""
        room = self._world.private(user_id)
        self._move(room, self._world.bot, self._world.person(user_id), ChatMember.BANNED)

    def begin(self, room: Room, person: User) -> None:
        """Whoever writes to the bot in private has started it, and unblocks it."""
        new = not room.started
        room.started = True
        if room.is_private and not room.has(self._world.bot.id):
            self._move(room, self._world.bot, person, ChatMember.MEMBER)
        elif new:
            self._service.changed_world()

    def open_topic(self, chat_id: int, user_id: int, name: str) -> int:
        """Open a topic, which makes a forum of a supergroup; the id of its thread.

        Raises:
            PlaygroundError: The chat is no supergroup, or the name has not 1 to 128 characters.
        """
        room, person = self._group(chat_id), self._world.person(user_id)
        if room.chat.type != Chat.SUPERGROUP:
            raise PlaygroundError("only supergroups have topics")
        name = clean(name).strip()
        if not 1 <= len(name) <= 128:
            raise PlaygroundError("expected a name of 1 to 128 characters")
        if not room.chat.is_forum:
            room.chat = Chat(chat_id, Chat.SUPERGROUP, title=room.chat.title, is_forum=True)
        thread = room.upcoming_message_id()
        room.topics[thread] = name
        created = ForumTopicCreated(name, _TOPIC_COLOUR)
        self._service.post(room, person, thread=thread, forum_topic_created=created)
        self._service.changed_world()
        return thread

    def migrate(self, chat_id: int, by: int | None = None) -> int:
        """Turn a basic group into a supergroup, which is another chat with another id.

        Returns:
            The id of the supergroup.

        Raises:
            PlaygroundError: The chat is no basic group.
        """
        room = self._group(chat_id)
        if room.chat.type != Chat.GROUP:
            raise PlaygroundError("only a basic group becomes a supergroup")
        new_id = self._world.new_chat_id(Chat.SUPERGROUP)
        author = self._author(self._creator(room), by)
        chat = Chat(new_id, Chat.SUPERGROUP, title=room.chat.title)
        new = self._world.rooms[new_id] = Room(chat, dict(room.members), anonymous=set(room.anonymous))
        self._service.post(room, author, migrate_to_chat_id=new_id)
        self._service.post(new, author, migrate_from_chat_id=chat_id)
        room.migrated_to = new_id
        self._service.changed_world()
        return new_id

    def _group(self, chat_id: int) -> Room:
        room = self._world.room(chat_id)
        if room.is_private:
            raise PlaygroundError("a private chat has two members, whatever happens")
        if room.migrated_to is not None:
            raise NotInTheWorld(f"chat {chat_id} has become the supergroup {room.migrated_to}")
        return room

    def _author(self, otherwise: User, by: int | None) -> User:
        return otherwise if by is None else self._world.person(by)

    def _creator(self, room: Room) -> User:
        running = [user_id for user_id, role in room.members.items() if role == ChatMember.OWNER]
        return self._world.person(running[0] if running else next(iter(room.members)))

    def _move(
        self,
        room: Room,
        user: User,
        author: User,
        role: str,
        *,
        anonymous: bool = False,
        may: Permissions | None = None,
    ) -> None:
        old = membership(room, user)
        room.members[user.id] = role
        (room.anonymous.add if anonymous else room.anonymous.discard)(user.id)
        if may is None:
            room.restrictions.pop(user.id, None)
        else:
            room.restrictions[user.id] = may
        new = membership(room, user)
        if old.to_dict() != new.to_dict():
            self._tell(room, user, ChatMemberUpdated(room.chat, author, now(), old, new))
        self._service.changed_world()

    def _tell(self, room: Room, user: User, moved: ChatMemberUpdated) -> None:
        bot_id = self._world.bot.id
        if user.id == bot_id:
            self._service.updates.add("my_chat_member", moved.to_dict())
        elif is_administrator(room, bot_id):
            self._service.updates.add("chat_member", moved.to_dict())
