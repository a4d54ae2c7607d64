"""Access: who may use the bot and who runs it, told by ids, which nobody can take over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """Whom the operator lets in: these chats, these people, and the admins; everybody where neither is named."""

    chats: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    admins: frozenset[int] = frozenset()

    def allows(self, chat_id: int | None, user_id: int | None) -> bool:
        """Whether something that comes from this person in this chat is for us.

        A private chat has its person's id, so an inline query, which has no chat, is judged as if it came from there.
        """
        if not self.chats and not self.users:
            return True
        chat = user_id if chat_id is None else chat_id
        return chat in self.chats or user_id in self.users or self.is_admin(user_id)

    def is_admin(self, user_id: int | None) -> bool:
        """Whether this person runs the bot."""
        return user_id is not None and user_id in self.admins
