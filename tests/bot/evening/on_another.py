"""The evening in the other fake Telegram: buttons, polls, pictures, roles and inline mode, in its own way."""

import asyncio
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from telegram import Message, MessageEntity

from tests.bot.evening.quick_time import now
from tests.bot.evening.seam import PEOPLE, Evening
from tests.other_telegram import BOT, OtherTelegram, Refused

_BOT_ID = int(str(BOT["id"]))
ANONYMOUS = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
_MAY_ALL: tuple[str, ...] = (
    "be_edited",
    "manage_chat",
    "delete_messages",
    "manage_video_chats",
    "restrict_members",
    "change_info",
)
_MAY_ALL += ("promote_members", "invite_users", "post_stories", "edit_stories", "delete_stories", "pin_messages")
_MAY_SEND: tuple[str, ...] = (
    "messages",
    "audios",
    "documents",
    "photos",
    "videos",
    "video_notes",
    "voice_notes",
    "polls",
)
_MAY_SEND += ("other_messages",)
_NOT_MODIFIED = "Bad Request: message is not modified"


class _Server(OtherTelegram):
    """The methods that group life needs besides."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__(now)
        self._changed = changed
        self.refused: list[str] = []
        self.people = {7_100_000_000 + number: name for number, name in enumerate(PEOPLE, 1)}
        self.basic_group, self.outside, self.supergroup = -8_200_000_001, -8_200_000_002, -1_008_200_000_003
        self.forum, self.topics = -1_008_200_000_004, (2, 3)
        self.roles: dict[int, str] = dict.fromkeys(self.people, "member") | {_BOT_ID: "member"}
        self.roles[next(iter(self.people))] = "creator"
        self.anonymous: set[int] = set()
        self.blocked: set[int] = set()
        self.moved = False
        self.presses: dict[str, asyncio.Future[str]] = {}
        self.queries: dict[str, asyncio.Future[list[Any]]] = {}
        self.polls: dict[str, dict[str, Any]] = {}
        self._number = 0
        owner = self.person(next(iter(self.people)))
        self.message(self.forum, owner, supergroup_chat_created=True)
        for topic in self.topics:
            opened = {"name": f"Topic {topic}", "icon_color": 7_322_096}
            self.message(self.forum, owner, forum_topic_created=opened, **self.placed(self.forum, topic))

    def next_number(self) -> str:
        self._number += 1
        return str(9_000_000_000 + self._number)

    def bring(self, kind: str, content: dict[str, Any]) -> None:
        self._update_id += 1
        self._updates[self._update_id] = {"update_id": self._update_id, kind: content}
        self._arrived.set()

    def person(self, who: int) -> dict[str, Any]:
        return {"id": who, "is_bot": False, "first_name": self.people[who], "language_code": "en"}

    def chat(self, chat_id: int) -> dict[str, Any]:
        if chat_id > 0:
            return {"id": chat_id, "type": "private", "first_name": self.people[chat_id]}
        kind = {"is_forum": True} if chat_id == self.forum else {}
        return kind | {"id": chat_id, "type": "supergroup" if chat_id < -(10**12) else "group", "title": "G"}

    def placed(self, chat_id: int, topic: int) -> dict[str, Any]:
        """What a message's topic adds to it; there are none but those of the forum."""
        if topic and (chat_id != self.forum or topic not in self.topics):
            raise Refused(400, "Bad Request: message thread not found")
        return {"message_thread_id": topic, "is_topic_message": True} if topic else {}

    def message(self, chat_id: int, sender: dict[str, Any], **content: Any) -> dict[str, Any]:
        """A new one, which the bot is told of by whoever made it."""
        made = self._new(chat_id, content.pop("text", ""), sender)
        if not made["text"]:
            del made["text"]
        made |= {"chat": self.chat(chat_id), **content}
        self._changed()
        return made

    def found(self, chat_id: int, message_id: int) -> dict[str, Any]:
        message = self._chats[chat_id].get(message_id)
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        return message

    def said(self, chat_id: int) -> list[dict[str, Any]]:
        return [each for each in self._chats[chat_id].values() if each["from"] is BOT]

    def member(self, who: int) -> dict[str, Any]:
        user, role = (BOT if who == _BOT_ID else self.person(who)), self.roles[who]
        member: dict[str, Any] = {"user": user, "status": role, "is_anonymous": who in self.anonymous}
        if role == "administrator":
            member |= {f"can_{right}": True for right in _MAY_ALL}
        elif role == "restricted":
            rights = (*(f"send_{kind}" for kind in _MAY_SEND), "add_web_page_previews", "change_info", "invite_users")
            member |= {
                f"can_{right}": False for right in (*rights, "pin_messages", "manage_topics", "react_to_messages")
            }
            member |= {"is_member": True, "until_date": 0, "can_edit_tag": False}
        elif role == "kicked":
            member |= {"until_date": 0}
        return member

    async def answer(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        body = await super().answer(method, given)
        if not body["ok"]:
            self.refused.append(f"{method}: {body}")
        return body

    def _check(self, chat_id: int) -> None:
        if chat_id in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if chat_id == self.basic_group and self.moved:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, words, migrate_to_chat_id=self.supergroup)
        if chat_id < 0 and self.roles[_BOT_ID] in ("restricted", "kicked"):
            raise Refused(400, "Bad Request: not enough rights to send text messages to the chat")
        super()._check(chat_id)

    # --- methods ------------------------------------------------------------------------------------------

    def _sent(self, given: dict[str, str], **content: Any) -> dict[str, Any]:
        content |= {"reply_markup": json.loads(given["reply_markup"])} if "reply_markup" in given else {}
        chat_id = int(given["chat_id"])
        content |= self.placed(chat_id, int(given.get("message_thread_id", "0")))
        return self.message(chat_id, BOT, **content)

    async def do_sendMessage(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802  as Telegram names them
        if not json.loads(given["link_preview_options"])["is_disabled"] or "parse_mode" in given:
            raise Refused(400, "expected plain text without a preview")
        return self._sent(given, text=given["text"].strip())

    async def do_sendPhoto(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        self._check(int(given["chat_id"]))
        photo = {"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}
        return self._sent(given, photo=[photo], caption=given["caption"])

    async def do_sendDocument(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        self._check(int(given["chat_id"]))
        return self._sent(given, document={"file_id": "d", "file_unique_id": "d"}, caption=given["caption"])

    async def do_sendPoll(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        self._check(int(given["chat_id"]))
        texts, number = [each["text"] for each in json.loads(given["options"])], self.next_number()
        if not 2 <= len(texts) <= 12 or not all(1 <= len(text) <= 100 for text in texts):
            raise Refused(400, "Bad Request: wrong poll options")
        options = [{"text": t, "voter_count": 0, "persistent_id": str(place)} for place, t in enumerate(texts)]
        poll = {"id": number, "question": given["question"], "options": options, "total_voter_count": 0}
        poll |= {"is_closed": False, "is_anonymous": given["is_anonymous"] != "false", "type": given["type"]}
        poll |= {"allows_multiple_answers": False, "allows_revoting": False, "members_only": False}
        poll |= {"correct_option_ids": json.loads(given["correct_option_ids"])}
        self.polls[number] = poll
        return self._sent(given, poll=poll)

    async def do_editMessageText(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        return self._edited(given, {"text": given["text"].strip()})

    async def do_editMessageReplyMarkup(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        return self._edited(given, {})

    def _edited(self, given: dict[str, str], changes: dict[str, Any]) -> dict[str, Any]:
        message = self.found(int(given["chat_id"]), int(given["message_id"]))
        changes["reply_markup"] = json.loads(given.get("reply_markup", '{"inline_keyboard": []}'))
        if all(message.get(name) == value for name, value in changes.items()):
            raise Refused(400, _NOT_MODIFIED)
        message |= changes
        self._changed()
        return message

    async def do_answerCallbackQuery(self, given: dict[str, str]) -> bool:  # noqa: N802
        if len(given.get("text", "")) > 200:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        self.presses.pop(given["callback_query_id"]).set_result(given.get("text", ""))
        return True

    async def do_answerInlineQuery(self, given: dict[str, str]) -> bool:  # noqa: N802
        self.queries.pop(given["inline_query_id"]).set_result(json.loads(given["results"]))
        return True

    async def do_answerGuestQuery(self, given: dict[str, str]) -> dict[str, str]:  # noqa: N802
        text = json.loads(given["result"])["input_message_content"]["message_text"]
        self.message(self.outside, BOT, text=text)
        return {"inline_message_id": given["guest_query_id"]}

    async def do_getChatAdministrators(self, given: dict[str, str]) -> list[dict[str, Any]]:  # noqa: N802
        return [self.member(who) for who, role in self.roles.items() if role in ("creator", "administrator")]

    async def do_getChatMember(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        return self.member(int(given["user_id"]))

    async def do_getMe(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        return BOT | {"can_read_all_group_messages": False}


class AnotherEvening(Evening):
    """Five people, whose roles are those of the one group."""

    def __init__(self) -> None:
        super().__init__()
        self._server = server = _Server(self.changed)
        self.token, self.username = server.token, str(BOT["username"])
        self.people, self.group, self.outside = tuple(server.people), server.basic_group, server.outside
        self.forum, self.topics = server.forum, server.topics

    @property
    def api_base_url(self) -> str:
        return self._server.api_base_url

    @property
    def refused(self) -> list[str]:
        return self._server.refused

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.__aexit__(kind, error, trace)

    def messages(self, chat: int) -> list[Message]:
        return [Message.de_json(json.loads(json.dumps(each)), None) for each in self._server.said(chat)]

    @property
    def untaken(self) -> int:
        return self._server.untaken

    async def say(self, chat: int, who: int, text: str, reply_to: int | None = None, topic: int = 0) -> None:
        server = self._server
        server.blocked.discard(chat)
        content: dict[str, Any] = {"text": text, "entities": _entities(text, self.username)}
        content |= server.placed(chat, topic)
        is_ours = False
        if reply_to is not None:
            content["reply_to_message"] = answered = server.found(chat, reply_to)
            content.setdefault("message_thread_id", reply_to)  # a thread of answers, which is no topic
            is_ours = answered["from"] is BOT
        elif topic:
            content["reply_to_message"] = server.found(chat, topic)
        is_anonymous = chat < 0 and who in server.anonymous
        if is_anonymous:
            content["sender_chat"] = server.chat(chat)
        message = server.message(chat, ANONYMOUS if is_anonymous else server.person(who), **content)
        if chat == self.outside:
            if content["entities"]:
                server.bring("guest_message", message | {"guest_query_id": server.next_number()})
        elif chat > 0 or is_ours or content["entities"] or server.roles[_BOT_ID] == "administrator":
            server.bring("message", message)

    async def press_data(self, chat: int, message_id: int, data: str, who: int) -> str:
        number, answer = self._server.next_number(), asyncio.get_running_loop().create_future()
        self._server.presses[number] = answer
        message = self._server.found(chat, message_id)
        query = {"id": number, "from": self._server.person(who), "chat_instance": "1", "data": data, "message": message}
        self._server.bring("callback_query", query)
        said: str = await answer
        return said

    async def vote(self, chat: int, message_id: int, who: int, option: int) -> None:
        poll = self._server.found(chat, message_id)["poll"]
        answer = {"poll_id": poll["id"], "user": self._server.person(who), "option_ids": [option]}
        self._server.bring("poll_answer", answer | {"option_persistent_ids": [str(option)]})

    async def react(self, chat: int, message_id: int, who: int, emoji: str) -> None:
        reaction = {"chat": self._server.chat(chat), "message_id": message_id, "user": self._server.person(who)}
        new = [{"type": "emoji", "emoji": emoji}]
        self._server.bring("message_reaction", reaction | {"date": _date(), "old_reaction": [], "new_reaction": new})

    async def offered(self, who: int, words: str) -> list[tuple[str, str]]:
        number, answer = self._server.next_number(), asyncio.get_running_loop().create_future()
        self._server.queries[number] = answer
        query = {"id": number, "from": self._server.person(who), "query": words, "offset": "", "chat_type": "group"}
        self._server.bring("inline_query", query)
        return [(each["id"], each["input_message_content"]["message_text"].strip()) for each in await answer]

    async def choose(self, who: int, words: str, result_id: str) -> None:
        chosen = {"result_id": result_id, "from": self._server.person(who), "query": words, "inline_message_id": "i"}
        self._server.bring("chosen_inline_result", chosen)

    async def set_role(self, chat: int, who: int | None, role: str, *, anonymous: bool = False) -> None:
        server, whom = self._server, _BOT_ID if who is None else who
        old = server.member(whom)
        server.roles[whom] = "kicked" if role == "left" else role
        (server.anonymous.add if anonymous else server.anonymous.discard)(whom)
        if who is None:
            self._tell(chat, old, server.member(whom))

    async def block(self, who: int) -> None:
        self._server.blocked.add(who)
        self._tell(who, {"user": BOT, "status": "member"}, {"user": BOT, "status": "kicked", "until_date": 0})

    def _tell(self, chat: int, old: dict[str, Any], new: dict[str, Any]) -> None:
        author = self._server.person(chat if chat > 0 else self.people[0])
        moved = {"chat": self._server.chat(chat), "from": author, "date": _date()}
        self._server.bring("my_chat_member", moved | {"old_chat_member": old, "new_chat_member": new})

    async def migrate(self, chat: int) -> int:
        server, author = self._server, self._server.person(self.people[0])
        server.moved = True
        for here, fact in ((chat, "migrate_to_chat_id"), (server.supergroup, "migrate_from_chat_id")):
            there = server.supergroup if here == chat else chat
            server.bring("message", server.message(here, author, **{fact: there}))
        return server.supergroup


def _entities(text: str, username: str) -> list[dict[str, Any]]:
    if text.startswith("/"):
        return [{"type": MessageEntity.BOT_COMMAND, "offset": 0, "length": len(text.split()[0])}]
    before, name, _ = text.partition(f"@{username}")
    if not name:
        return []
    offset = len(before.encode("utf-16-le")) // 2
    return [{"type": MessageEntity.MENTION, "offset": offset, "length": len(name)}]


def _date() -> int:
    return int(time.time())
