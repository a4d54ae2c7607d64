"""The evening in the playground, with its flood limits on."""

from types import TracebackType
from typing import Self

from telegram import Chat, Message, User

from bot.playground import FloodLimits, Playground
from bot.playground.inline import InlineAnswer
from bot.playground.world import World
from tests.bot.evening.quick_time import now
from tests.bot.evening.seam import PEOPLE, Evening


class PlaygroundEvening(Evening):
    """Its world is a group of five, a forum, and a group without the bot."""

    def __init__(self) -> None:
        super().__init__()
        self._playground = Playground(world=_world, limits=FloodLimits(burst=1), clock=now)
        world = self._playground.world
        self.token, self.username = self._playground.token, str(world.bot.username)
        self.people = tuple(world.people)
        self.group, self.forum, self.outside = (room.chat.id for room in world.rooms.values() if not room.is_private)
        self._answer: InlineAnswer | None = None

    @property
    def api_base_url(self) -> str:
        return self._playground.api_base_url

    @property
    def refused(self) -> list[str]:
        calls = self._playground.calls.of()
        return [f"{call.method}: {call.answer}" for call in calls if call.status not in (None, 200)]

    async def __aenter__(self) -> Self:
        await self._playground.start()
        names = ("Novels", "Poems")
        self.topics = [await self._playground.open_topic(self.forum, self.people[0], name) for name in names]
        self._unwatch = self._playground.feed.watch(lambda _: self.changed())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwatch()
        await self._playground.stop()

    def messages(self, chat: int) -> list[Message]:
        bot = self._playground.world.bot.id
        return [m for m in self._playground.history(chat) if m.from_user is not None and m.from_user.id == bot]

    @property
    def untaken(self) -> int:
        return len(self._playground.updates)

    async def say(self, chat: int, who: int, text: str, reply_to: int | None = None, topic: int = 0) -> None:
        await self._playground.say(chat, who, text, reply_to, topic=topic)

    async def press_data(self, chat: int, message_id: int, data: str, who: int) -> str:
        pressed = await self._playground.press(chat, message_id, data, who)
        return (await pressed.answer).text or ""

    async def vote(self, chat: int, message_id: int, who: int, option: int) -> None:
        await self._playground.vote(chat, message_id, who, option)

    async def react(self, chat: int, message_id: int, who: int, emoji: str) -> None:
        await self._playground.react(chat, message_id, who, emoji)

    async def offered(self, who: int, words: str) -> list[tuple[str, str]]:
        self._answer = await (await self._playground.ask_inline(self.group, who, words)).answer
        return [(result.id, str(result.content["text"])) for result in self._answer.results]

    async def choose(self, who: int, words: str, result_id: str) -> None:
        if self._answer is None:
            raise AssertionError("expected something to choose from")
        await self._playground.choose(self.group, who, self._answer, result_id)

    async def set_role(self, chat: int, who: int | None, role: str, *, anonymous: bool = False) -> None:
        whom = self._playground.world.bot.id if who is None else who
        if role == "left":
            await self._playground.leave(chat, whom, by=self.people[0])
        elif role == "restricted":
            await self._playground.restrict(chat, whom)
        elif role == "administrator":
            await self._playground.promote(chat, whom, anonymous=anonymous)
        elif self._playground.world.room(chat).has(whom):
            await self._playground.demote(chat, whom)
        else:
            await self._playground.join(chat, whom, by=self.people[0])

    async def block(self, who: int) -> None:
        await self._playground.block(who)

    async def migrate(self, chat: int) -> int:
        return await self._playground.migrate(chat)


def _world(bot: User) -> World:
    world = World(bot)
    members = [world.add_person(name, username=name.lower()) for name in PEOPLE]
    for member in members:
        world.private(member.id).started = True
    world.add_group("The Aviary", members, kind=Chat.GROUP)
    world.add_group("Book Club", members)
    world.add_group("No parrots here", members[:3], kind=Chat.GROUP, with_bot=False)
    return world
