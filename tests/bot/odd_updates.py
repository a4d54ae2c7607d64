"""Odd updates, as hypothesis strategies: what Telegram may send that nobody thinks of, and what strangers may press."""

import time
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bot.callbacks import Callback, Callbacks
from bot.handlers import UPDATES
from bot.menus import MENU, OPERATOR
from bot.privacy.terms import Terms

BIG = 2**52 - 1  # the largest id that Telegram promises never to exceed
NOW = int(time.time())
NAMES = (
    "",
    "You",
    "🦜" * 64,
    "עברית שלום",
    "\u202eright to left",
    "<b>Ana</b> [x](http://y)",
    "{name} %s",
    "a\0b",
    "ñ" * 64,
)
TOPIC = 5  # of every supergroup
CHATS = {
    "private": (1_000_001, BIG),
    "group": (-1, -999_999_999),
    "supergroup": (-1_000_000_000_001, -(10**12 + 2**40)),
    "channel": (-1_000_000_000_777, -(10**12 + 2**41)),
}
COMMANDS = (*(name for name, _ in (*MENU, *OPERATOR)), "start", "nonsense", "SEED", "temp_2")
ARGUMENTS = (
    "",
    " ",
    " 1",
    " 0,7",
    " once upon",
    "\nnext line",
    " @other",
    " {value}",
    " \u202e/temp",
    " " + "🦜" * 2_000,
)
ACTIONS = (
    "set",
    "more",
    "again",
    "warmer",
    "colder",
    "stop",
    "quiz.next",
    "quiz.who",
    "duel.vote",
    "duel.end",
    "duel.keep",
)
ARGUMENTS_OF_BUTTONS: tuple[str, ...] = (
    "1",
    "2,1",
    "1,0",
    "1,7",
    "close",
    "main",
    "temp",
    "temp,50",
    "temp,9",
    "len,4000",
    "topp,1",
    "end,line",
)
ARGUMENTS_OF_BUTTONS += ("chime", "chime,100", "cool,0", "quiet,off", "quiet,0,0", "quiet,1320,420", "change,admins")
ARGUMENTS_OF_BUTTONS += (
    "press,everybody",
    "lang,es",
    "lang,own",
    "voice",
    "voice,0123456789abcdef",
    f"{Terms().version},en",
    f"{Terms().version},xx",
    "-1",
    "9" * 20,
)
PRIVACY = ("consent.yes", "consent.no", "forget.me", "forget.no", "forget.group", "forget.all", "nobody.knows")
UNASKED = ("edited_message", "edited_channel_post", "chat_member", "business_message")  # may come all the same
OLD_DATA = (
    "",
    "temp:0.5",
    "more",
    "a:b:c",
    "set:temp,50::AAAAAAAAAAAAAAAA",
    "x" * 64,
    "🦜" * 16,
    "\0",
    "set:close::" + "A" * 16,
)
SERVICES: tuple[dict[str, Any], ...] = (
    {"new_chat_title": "<i>title</i>"},
    {"delete_chat_photo": True},
    {"group_chat_created": True},
    {"left_chat_member": {"id": 5, "is_bot": False, "first_name": ""}},
    {"new_chat_members": [{"id": 6, "is_bot": True, "first_name": "B"}]},
    {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86_400}},
    {"migrate_from_chat_id": -424_242},
    {"migrate_from_chat_id": -1},
    {"migrate_to_chat_id": -(10**12 + 2**40)},
    {"forum_topic_closed": {}},
    {"video_chat_started": {}},
    {"write_access_allowed": {}},
    {"connected_website": "example.org"},
    {"boost_added": {"boost_count": 1}},
)
_PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
_STICKER = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "is_animated": False, "is_video": False}
MEDIA: tuple[dict[str, Any], ...] = (
    {"photo": _PHOTO},
    {"sticker": _STICKER | {"type": "regular"}},
    {"dice": {"emoji": "🎲", "value": 6}},
    {"location": {"latitude": 1.5, "longitude": -2.5}},
    {"contact": {"phone_number": "+1", "first_name": "<b>"}},
    {"voice": {"file_id": "f", "file_unique_id": "u", "duration": 1}},
    {
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
        }
        | {"type": "regular", "allows_multiple_answers": False, "allows_revoting": False, "members_only": False}
    },
)

_BOT = {"id": 6, "is_bot": True, "first_name": "B"}
ORIGINS: tuple[dict[str, Any], ...] = (
    {"type": "hidden_user", "sender_user_name": "<b>\u202e</b>"},
    {"type": "user", "sender_user": _BOT},
    {"type": "chat", "sender_chat": {"id": -5, "type": "group", "title": ""}},
    {"type": "channel", "chat": {"id": -(10**12 + 5), "type": "channel", "title": "x"}, "message_id": BIG},
)
MEMBERS: tuple[dict[str, Any], ...] = (
    {"status": "member"},
    {"status": "left"},
    {"status": "creator", "is_anonymous": True},
    {"status": "kicked", "until_date": 0},
    {"status": "of the future"},
)

texts = st.one_of(st.text(st.characters(), max_size=60), st.sampled_from(ARGUMENTS))


@dataclass(frozen=True)
class World:
    """Who is there: the bot, and what signs its buttons."""

    bot_id: int
    username: str
    callbacks: Callbacks


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    """A person, or something in a person's place."""
    person = {
        "id": draw(st.sampled_from([1_000_001, 2, BIG, 1_087_968_824, 136_817_688, 777_000])),
        "is_bot": draw(st.sampled_from([False, False, True])),
        "first_name": draw(st.sampled_from(NAMES)),
    }
    optional = {"last_name": NAMES, "username": ("ana", ""), "language_code": ("es", "pt-BR", "zz", "", "x-klingon")}
    return person | {key: draw(st.sampled_from(values)) for key, values in optional.items() if draw(st.booleans())}


@st.composite
def chats(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(CHATS)) -> dict[str, Any]:
    kind = draw(st.sampled_from(kinds))
    chat: dict[str, Any] = {"id": draw(st.sampled_from(CHATS[kind])), "type": kind}
    name = draw(st.sampled_from(NAMES))
    return chat | ({"first_name": name} if kind == "private" else {"title": name})


@st.composite
def bodies(draw: st.DrawFn, world: World, command: str | None = None) -> dict[str, Any]:
    """What a message holds: a command (this one), words, media with or without a caption, or a service message."""
    which = draw(st.integers(0, 5) if command is None else st.integers(2, 5))
    if which == 0:
        return dict(draw(st.sampled_from(SERVICES)))
    name = draw(st.sampled_from(COMMANDS)) + draw(st.sampled_from(["", f"@{world.username}", "@other_bot", "@"]))
    is_command = draw(st.booleans()) if command is None else True
    name = name if command is None else command
    text = f"/{name}{draw(texts)}" if is_command else draw(texts) + draw(st.sampled_from(["", f" @{world.username}"]))
    entities: list[dict[str, Any]] = (
        [{"type": "bot_command", "offset": 0, "length": len(name) + 1}] if is_command else []
    )
    if draw(st.booleans()):
        kind = draw(st.sampled_from(["mention", "bot_command", "text_mention", "url", "nobody_knows"]))
        offset, length = draw(st.integers(0, 70)), draw(st.integers(0, 70))
        user = {"user": {"id": world.bot_id, "is_bot": True, "first_name": "C"}} if kind == "text_mention" else {}
        entities.append({"type": kind, "offset": offset, "length": length} | user)
    if which == 1:
        return dict(draw(st.sampled_from(MEDIA)))
    if which == 2:
        return {"photo": _PHOTO, "caption": text, "caption_entities": entities}
    return {"text": text, "entities": entities}


@st.composite
def messages(
    draw: st.DrawFn, world: World, kinds: tuple[str, ...] = tuple(CHATS), depth: int = 1, command: str | None = None
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "message_id": draw(st.sampled_from([1, 77, BIG])),
        "date": NOW,
        "chat": draw(chats(kinds)),
    }
    message |= draw(bodies(world, command))
    if draw(st.integers(0, 4)):
        message["from"] = draw(people())
    if draw(st.integers(0, 4)) == 0:
        message["sender_chat"] = draw(st.sampled_from([message["chat"], draw(chats(("channel",)))]))
    if message["chat"]["type"] == "supergroup" and draw(st.integers(0, 5)) == 0:
        message |= {"is_topic_message": True, "message_thread_id": TOPIC}
    if draw(st.integers(0, 5)) == 0:
        message["forward_origin"] = draw(st.sampled_from(ORIGINS)) | {"date": NOW}
    if draw(st.integers(0, 5)) == 0:
        message["via_bot"] = {"id": world.bot_id, "is_bot": True, "first_name": "C"}
    if depth and draw(st.integers(0, 3)) == 0:
        answered = draw(messages(world, kinds, depth - 1)) | {"chat": message["chat"]}
        if draw(st.booleans()):
            answered["from"] = {"id": world.bot_id, "is_bot": True, "first_name": "C"}
        message["reply_to_message"] = answered
    return message


@st.composite
def presses(draw: st.DrawFn, world: World, action: str | None = None) -> dict[str, Any]:
    """Buttons of ours (with this action) with any argument, of older versions, and of strangers."""
    query: dict[str, Any] = {"id": str(draw(st.integers(1, BIG))), "from": draw(people()), "chat_instance": "1"}
    where = draw(st.integers(0, 3) if action is None else st.integers(1, 3))
    chat_id = None
    if where == 0:
        query["inline_message_id"] = draw(st.sampled_from(["AAA", "x" * 64]))
    else:
        message = draw(messages(world))
        chat_id = message["chat"]["id"]
        query["message"] = {"message_id": 5, "date": 0, "chat": message["chat"]} if where == 1 else message
    if action is None and draw(st.integers(0, 3)) == 0:
        query["data"] = draw(st.sampled_from(OLD_DATA))
    elif action is None and draw(st.integers(0, 9)) == 0:
        query["game_short_name"] = "snake"
    else:
        argument = draw(st.from_regex(r"[A-Za-z0-9_,-]{0,22}", fullmatch=True) | st.sampled_from(ARGUMENTS_OF_BUTTONS))
        owner = draw(st.sampled_from([None, 2, query["from"]["id"], query["from"]["id"]]))
        callback = Callback(action or draw(st.sampled_from([*ACTIONS, *PRIVACY])), argument, owner)
        query["data"] = _signed(world, callback, chat_id)
    return query


def _signed(world: World, callback: Callback, chat_id: int | None) -> str:
    try:
        return world.callbacks.data(callback, chat_id)
    except ValueError:  # longer than 64 bytes
        return "x"


@st.composite
def updates(draw: st.DrawFn, world: World) -> tuple[str, dict[str, Any]]:
    """A kind of update and its content."""
    kind = draw(st.sampled_from(["message", "message", "callback_query", *UPDATES, *UNASKED]))
    member = {"user": {"id": world.bot_id, "is_bot": True, "first_name": "C"}}
    if kind == "callback_query":
        return kind, draw(presses(world))
    if kind in ("channel_post", "edited_channel_post"):
        return kind, draw(messages(world, ("channel",)))
    if kind == "guest_message":
        extra = {"guest_query_id": "9"} if draw(st.booleans()) else {}
        return kind, draw(messages(world)) | extra
    if kind in ("message", "edited_message", "business_message"):
        return kind, draw(messages(world, ("private", "group", "supergroup")))
    if kind in ("my_chat_member", "chat_member"):
        statuses = {f"{when}_chat_member": member | draw(st.sampled_from(MEMBERS)) for when in ("old", "new")}
        return kind, {"chat": draw(chats()), "from": draw(people()), "date": NOW} | statuses
    if kind == "poll_answer":
        voter = {"voter_chat": draw(chats(("channel",)))} if draw(st.booleans()) else {"user": draw(people())}
        options = draw(st.lists(st.integers(0, 12), max_size=3))
        return kind, {
            "poll_id": draw(st.sampled_from(["1", "x" * 64])),
            "option_ids": options,
            "option_persistent_ids": [str(o) for o in options],
        } | voter
    if kind == "message_reaction":
        reaction = [
            {"type": "emoji", "emoji": "👍"},
            {"type": "custom_emoji", "custom_emoji_id": "5"},
            {"type": "paid"},
        ]
        actor = {"actor_chat": draw(chats(("channel",)))} if draw(st.booleans()) else {"user": draw(people())}
        new = draw(st.lists(st.sampled_from(reaction), max_size=2))
        return kind, {
            "chat": draw(chats()),
            "message_id": draw(st.sampled_from([1, BIG])),
            "date": NOW,
            "old_reaction": [],
            "new_reaction": new,
        } | actor
    if kind == "chosen_inline_result":
        return kind, {"result_id": draw(texts), "from": draw(people()), "query": draw(texts)} | (
            {"inline_message_id": "AAA"} if draw(st.booleans()) else {}
        )
    return "inline_query", {
        "id": "5",
        "from": draw(people()),
        "query": draw(texts),
        "offset": draw(st.sampled_from(["", "x", "-1", "9" * 64])),
    }


@st.composite
def of_every_kind(draw: st.DrawFn, world: World) -> list[tuple[str, dict[str, Any]]]:
    """Every command and every button once, in odd messages and under them, in any order."""
    said = [("message", draw(messages(world, ("private", "group", "supergroup"), command=name))) for name in COMMANDS]
    posted = [("channel_post", draw(messages(world, ("channel",), command=draw(st.sampled_from(COMMANDS)))))]
    pressed = [("callback_query", draw(presses(world, action))) for action in (*ACTIONS, *PRIVACY)]
    return draw(st.permutations([*said, *posted, *pressed]))
