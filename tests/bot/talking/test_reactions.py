from bot.clock import ServerClock
from bot.incoming.inbox import Inbox
from bot.storage.database import Database
from bot.storage.mail import Mail
from bot.storage.ratings import Rating, Ratings
from bot.storage.schema import prepare_schema
from tests.bot.stage import Stage


async def reply_to(stage: Stage, seed: str) -> int:
    await stage.ask(f"/seed {seed}")
    message = await stage.playground.until(stage.you, lambda m: (m.text or "").startswith(seed))
    await stage.idle()
    return message.message_id


async def ratings(stage: Stage) -> list[Rating]:
    async with stage.database.reading() as connection:
        return await Ratings(connection).of_prompts([prompt.id for prompt in await stage.prompts()])


async def test_a_reaction_is_an_opinion_on_the_prompt_and_the_last_one_counts(stage: Stage) -> None:
    message_id = await reply_to(stage, "like me")
    await stage.playground.react(stage.you, message_id, stage.you, "👍")
    await stage.idle()
    (rating,) = await ratings(stage)
    assert (rating.user_id, rating.kind, rating.value) == (stage.you, "reaction", "👍")
    await stage.playground.react(stage.you, message_id, stage.you, "🔥")
    await stage.idle()
    assert [rating.value for rating in await ratings(stage)] == ["🔥"]
    await stage.playground.react(stage.you, message_id, stage.you, None)
    await stage.idle()
    assert await ratings(stage) == []


async def test_however_quickly_they_follow_each_other_they_are_handled_in_order(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        inbox = Inbox(Mail(database, 1), ServerClock())
        here, there = ({"chat": {"id": chat, "type": "supergroup"}, "message_id": 7, "date": 1} for chat in (-1, -2))
        await inbox.accept([{"update_id": n, "message_reaction": on} for n, on in enumerate([here, here, there])])
        first, elsewhere = await inbox.take(), await inbox.take()
        assert elsewhere == first + 2  # not the second of the same chat: that waits until
        await inbox.leave(first, "done")
        assert await inbox.take() == first + 1


async def test_several_reactions_of_every_kind_are_kept(stage: Stage) -> None:
    message_id = await reply_to(stage, "love me")
    kinds = [
        {"type": "emoji", "emoji": "❤"},
        {"type": "custom_emoji", "custom_emoji_id": "5368324170671202286"},
        {"type": "paid"},
    ]
    for _ in range(2):  # as after a crash
        await stage.deliver_update("message_reaction", change(stage, message_id, kinds))
        await stage.idle()
    assert [rating.value for rating in await ratings(stage)] == ["❤", "5368324170671202286", "⭐"]


async def test_reactions_to_other_messages_and_of_nobody_are_no_opinions(stage: Stage) -> None:
    message_id = await reply_to(stage, "ignore me")
    thumb = [{"type": "emoji", "emoji": "👍"}]
    hidden = change(stage, message_id, thumb)
    del hidden["user"]
    hidden["actor_chat"] = {"id": stage.group, "type": "supergroup", "title": "The Aviary"}
    for update in (hidden, change(stage, 10_000, thumb)):
        await stage.deliver_update("message_reaction", update)
    await stage.idle()
    assert await ratings(stage) == []


def change(stage: Stage, message_id: int, reactions: list[dict[str, str]]) -> dict[str, object]:
    return {
        "chat": {"id": stage.you, "type": "private", "first_name": "You"},
        "message_id": message_id,
        "user": {"id": stage.you, "is_bot": False, "first_name": "You"},
        "date": 1_780_000_000,
        "old_reaction": [],
        "new_reaction": reactions,
    }
