import datetime as dt

from bot.playground import Playground, faults
from bot.rules.access import Access
from bot.sending.manners import defuse, plain
from bot.text import MESSAGE_UNITS
from model.config import SamplingConfig
from tests.bot.conftest import stage_on
from tests.bot.fakes import FakeGenerator, expected_text
from tests.bot.stage import Stage

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\0\x01" * 2 + b"\x08\x02\0\0\0"


async def test_a_seed_comes_back_with_300_characters_after_it(stage: Stage) -> None:
    text = await stage.ask("/seed Domingo")
    await stage.settled()
    (prompt,) = await stage.prompts()
    continuation = expected_text("Domingo", 300, SamplingConfig(), prompt.asked.rng_seed)
    assert text == ("Domingo" + continuation).strip()
    assert prompt.answer.reply_text == "Domingo" + continuation


async def test_the_row_says_who_asked_what_where_when_and_what_came_of_it(stage: Stage) -> None:
    before = dt.datetime.now(dt.UTC)
    user = next(iter(stage.playground.world.group.members))
    said = await stage.playground.say(stage.group, user, "/seed Jon snow")
    reply = await stage.playground.until(stage.group, lambda m: (m.text or "").startswith("Jon snow"))
    await stage.settled(stage.group)
    (prompt,) = await stage.prompts()
    asked, answer = prompt.asked, prompt.answer
    assert (asked.chat_id, asked.user_id, asked.message_id) == (stage.group, user, said.message_id)
    assert (asked.kind, asked.seed_text, asked.length) == ("seed", "Jon snow", 300)
    assert (asked.temperature, asked.top_p) == (0.5, 1.0)
    assert before <= asked.asked_at <= dt.datetime.now(dt.UTC)
    assert asked.fingerprint == stage.generator.fingerprint
    assert (answer.outcome, answer.reply_message_id) == ("answered", reply.message_id)
    assert answer.characters_per_second
    assert (answer.characters, asked.part) == (300, 0)
    assert answer.latency_ms is not None
    assert answer.waiting_ms is not None
    assert answer.generating_ms is not None
    assert answer.waiting_ms + answer.generating_ms <= answer.latency_ms + 1


async def test_the_seed_may_be_addressed_to_the_bot_by_name(stage: Stage) -> None:
    assert (await stage.ask("/seed@cotorra_bot Redes", stage.group)).startswith("Redes")
    await stage.ask("/seed@Cotorra_Bot Redes", stage.group)


async def test_a_command_for_another_bot_is_left_alone(stage: Stage) -> None:
    await stage.deliver_command("/seed@other_bot Redes", chat=stage.group)
    await stage.settled(stage.group)
    assert stage.sent() == []
    assert await stage.prompts() == []


async def test_a_plain_message_in_a_private_chat_is_a_seed(stage: Stage) -> None:
    assert (await stage.ask("Redes convolucionales")).startswith("Redes convolucionales")
    await stage.settled()
    (prompt,) = await stage.prompts()
    assert prompt.asked.kind == "seed"


async def test_a_plain_message_in_a_group_is_none_of_the_bots_business(stage: Stage) -> None:
    await stage.deliver({"text": "hello everybody"}, chat=stage.group)
    await stage.settled(stage.group)
    assert stage.sent() == []


async def test_in_a_group_the_reply_quotes_and_in_private_it_does_not(stage: Stage) -> None:
    said = await stage.playground.say(stage.group, stage.you, "/seed a")
    in_group = await stage.playground.calls.wait("sendMessage", chat_id=stage.group)
    assert f'"message_id": {said.message_id}' in in_group.parameters["reply_parameters"]
    await stage.ask("/seed a")
    assert "reply_parameters" not in stage.sent(stage.you)[0].parameters


async def test_replies_are_plain_text_without_previews(stage: Stage) -> None:
    await stage.ask("/seed *http://example.org*")
    (call,) = stage.sent()
    assert "parse_mode" not in call.parameters
    assert "entities" not in call.parameters
    assert call.parameters["link_preview_options"] == '{"is_disabled": true}'


async def test_what_is_sent_cannot_be_pressed_and_what_is_logged_is_untouched(stage: Stage) -> None:
    seed = "@ana see https://example.org, /help or +34 600 123 456"
    await stage.ask(f"/seed {seed}")
    (prompt,) = await stage.idle()
    (call,) = stage.sent()
    assert call.result.get("entities", []) == []
    assert (prompt.answer.reply_text or "").startswith(seed)
    assert plain(call.text or "") == (prompt.answer.reply_text or "").strip()


async def test_a_seed_copied_from_the_bots_own_words_is_read_as_they_were_written(stage: Stage) -> None:
    await stage.ask(f"/seed {defuse('see example.org')}")
    (prompt,) = await stage.idle()
    assert prompt.asked.seed_text == "see example.org"


async def test_only_the_command_and_one_space_are_taken_off_the_seed(stage: Stage) -> None:
    await stage.ask("/seed   two spaces\nand a\n\nline")
    await stage.ask("/seed\nafter a break")
    await stage.settled()
    assert [p.asked.seed_text for p in await stage.prompts()] == [
        "  two spaces\nand a\n\nline",
        "after a break",
    ]


async def test_a_picture_whose_caption_is_a_command_is_answered(stage: Stage) -> None:
    mark = stage.playground.calls.mark()
    await stage.playground.send_photo(stage.you, stage.you, PICTURE, "/seed a caption")
    assert (await stage.next_text(stage.you, mark)).startswith("a caption")


async def test_a_long_reply_takes_two_messages(stage: Stage) -> None:
    seed = "word " * 800
    await stage.deliver_command(f"/seed {seed}")
    await stage.settled()
    parts = [call.text or "" for call in stage.sent()]
    assert len(parts) == 2
    assert all(len(part) <= MESSAGE_UNITS for part in parts)
    (prompt,) = await stage.prompts()
    assert prompt.answer.reply_text is not None
    assert "\n".join(parts).split() == prompt.answer.reply_text.split()
    assert prompt.answer.reply_message_id == stage.sent()[0].result["message_id"]


async def test_the_temperature_is_shown_set_and_used(stage: Stage) -> None:
    assert "0.5" in await stage.ask("/temp")
    assert await stage.ask("/temp 0,7") == "The temperature is now 0.7. It was 0.5."
    assert "0.7" in await stage.ask("/temp")
    await stage.ask("/seed warm")
    await stage.settled()
    (prompt,) = await stage.prompts()
    assert prompt.asked.temperature == 0.7
    continuation = expected_text("warm", 300, SamplingConfig(0.7), prompt.asked.rng_seed)
    assert prompt.answer.reply_text == "warm" + continuation


async def test_a_settings_change_says_who_changed_what_from_what_to_what(stage: Stage) -> None:
    before = dt.datetime.now(dt.UTC)
    await stage.ask("/temp 1.5")
    await stage.ask("/temp 1.5")  # no change, no row
    (change,) = await stage.changes()
    assert (change.chat_id, change.user_id) == (stage.you, stage.you)
    assert (change.name, change.old, change.new) == ("temperature", "0.5", "1.5")
    assert before <= change.changed_at <= dt.datetime.now(dt.UTC)


async def test_a_temperature_that_is_none_is_shown_without_pinging_anybody(stage: Stage) -> None:
    assert "“@\u2060everyone”" in await stage.ask("/temp @everyone")


async def test_settings_belong_to_the_chat(stage: Stage) -> None:
    await stage.ask("/temp 1.2", stage.group)
    assert "0.5" in await stage.ask("/temp")
    assert "1.2" in await stage.ask("/temp", stage.group)


async def test_settings_survive_a_restart(stage: Stage) -> None:
    await stage.ask("/temp 0.9")
    await stage.restart()
    assert "0.9" in await stage.ask("/temp")


async def test_an_edited_message_triggers_nothing(stage: Stage) -> None:
    await stage.ask("/seed once")
    message = stage.playground.history(stage.you)[-2]
    await stage.playground.edit(stage.you, message.message_id, stage.you, "/seed twice")
    edited = {"text": "/seed thrice", "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    await stage.deliver({**edited, "edit_date": 1}, kind="edited_message")
    await stage.deliver({"text": "plain", "edit_date": 1}, kind="edited_message")
    await stage.settled()
    assert len(stage.sent()) == 1
    assert len(await stage.prompts()) == 1


async def test_an_update_delivered_again_is_not_answered_again(stage: Stage) -> None:
    update_id = await stage.deliver_command("/seed once")
    await stage.settled()
    await stage.deliver_command("/seed once", update_id=update_id)
    await stage.settled()
    assert len(stage.sent()) == 1
    assert len(await stage.prompts()) == 1


async def test_a_pending_prompt_delivered_again_gets_the_text_it_would_have_had(stage: Stage) -> None:
    occasion = stage.occasion(999, dt.datetime.now(dt.UTC))
    await stage.book.open_prompt(occasion, "seed", "unfinished", 4242, "fp")
    await stage.deliver_command("/seed unfinished", update_id=999)
    await stage.settled()
    (prompt,) = await stage.prompts()
    continuation = expected_text("unfinished", 300, SamplingConfig(), 4242)
    assert prompt.answer.outcome == "answered"
    assert prompt.answer.reply_text == "unfinished" + continuation


async def test_another_bot_may_use_the_same_database(stage: Stage) -> None:
    """Update ids count per bot, so the same number is another prompt."""
    other = stage.occasion(999, dt.datetime.now(dt.UTC))
    await stage.book.open_prompt(type(other)(1, 999, other.chat, other.user, 1, other.at), "seed", "x", 1, "fp")
    await stage.deliver_command("/seed mine", update_id=999)
    await stage.settled()
    assert len(stage.sent()) == 1


async def test_chats_are_answered_side_by_side_and_each_in_order(address: str) -> None:
    generator = FakeGenerator()
    async with stage_on(address, generator) as stage:
        generator.gate.clear()
        await stage.deliver_command("/seed slow")
        await stage.deliver_command("/temp 1")
        assert "0.5" in await stage.ask("/temp", stage.group)  # while the private chat waits
        assert stage.sent(stage.you) == []
        generator.gate.set()
        await stage.settled()
        first, second = stage.sent(stage.you)
        assert (first.text or "").startswith("slow")
        assert (second.text or "").startswith("The temperature is now 1")


async def test_typing_is_shown_only_while_somebody_has_to_wait(address: str) -> None:
    generator = FakeGenerator()
    async with stage_on(address, generator) as stage:
        await stage.ask("/seed quick")
        assert stage.playground.calls.of("sendChatAction") == []
        generator.gate.clear()
        await stage.deliver_command("/seed slow", chat=stage.group)
        call = await stage.playground.calls.wait("sendChatAction")
        assert call.parameters["action"] == "typing"
        generator.gate.set()
        await stage.settled(stage.group)
        assert len(stage.sent(stage.group)) == 1


async def test_a_flood_limit_is_waited_out(stage: Stage) -> None:
    stage.playground.faults.add(faults.flood(1), method="sendMessage")
    mark = stage.playground.calls.mark()
    await stage.deliver_command("/seed patience")
    call = await stage.playground.calls.wait("sendMessage", where=lambda c: c.status == 200, after=mark)
    assert (call.text or "").startswith("patience")


async def test_a_reply_that_telegram_refuses_is_recorded_as_failed(stage: Stage) -> None:
    stage.playground.faults.add(faults.error(403, "Forbidden: bot was blocked"), method="sendMessage")
    await stage.deliver_command("/seed unheard")
    await stage.settled()
    (prompt,) = await stage.prompts()
    assert prompt.answer.outcome == "failed"
    assert prompt.answer.reply_message_id is None
    assert (prompt.answer.reply_text or "").startswith("unheard")


async def test_whoever_waits_for_a_lost_reply_is_told(stage: Stage) -> None:
    stage.playground.faults.add(faults.error(400, "Bad Request: message text is empty"), method="sendMessage")
    await stage.deliver_command("/seed \u200b")
    await stage.settled()
    assert "did not take my reply" in (stage.sent()[-1].text or "")
    (prompt,) = await stage.prompts()
    assert prompt.answer.outcome == "failed"


async def test_a_failing_generator_costs_one_sentence_and_one_row(address: str) -> None:
    async with stage_on(address, FakeGenerator(broken="fire")) as stage:
        assert "went wrong" in await stage.ask("/seed fire")
        assert (await stage.ask("/seed water")).startswith("water")
        await stage.settled()
        assert [p.answer.outcome for p in await stage.prompts()] == ["failed", "answered"]


async def test_a_failure_that_was_told_is_not_tried_again(address: str) -> None:
    async with stage_on(address, FakeGenerator(broken="fire")) as stage:
        update_id = await stage.deliver_command("/seed fire")
        await stage.settled()
        await stage.deliver_command("/seed fire", update_id=update_id)
        await stage.settled()
        assert len(stage.sent()) == 1


async def test_start_help_and_unknown_commands_are_answered(stage: Stage) -> None:
    assert "/seed" in await stage.ask("/start")
    assert "/temp" in await stage.ask("/help")
    assert "/help" in await stage.ask("/nonsense")


async def test_an_unknown_command_in_a_group_is_somebody_elses(stage: Stage) -> None:
    await stage.deliver_command("/nonsense", chat=stage.group)
    await stage.settled(stage.group)
    assert stage.sent() == []


async def test_only_allowed_chats_are_served(address: str) -> None:
    group = Playground().world.group.chat.id  # the same in every new world
    async with Stage(address, FakeGenerator(), Access(frozenset({group}))) as stage:
        assert str(stage.you) in await stage.ask("/start")
        await stage.deliver_command("/seed let me in")
        await stage.deliver({"text": "let me in"})
        await stage.deliver_command("/temp 1")
        assert (await stage.ask("/seed welcome", stage.group)).startswith("welcome")
        mark = stage.playground.calls.mark()
        await stage.deliver_command("/start")
        await stage.next_text(stage.you, mark)
        assert len(stage.sent(stage.you)) == 2
        assert [p.asked.chat_id for p in await stage.prompts()] == [stage.group]


async def test_a_channel_post_without_a_person_is_answered(stage: Stage) -> None:
    await stage.deliver_command("/seed channel", chat=stage.group, kind="channel_post", anonymous=True)
    await stage.settled(stage.group)
    (prompt,) = await stage.prompts()
    assert (prompt.asked.user_id, prompt.answer.outcome) == (None, "answered")
