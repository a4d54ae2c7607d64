import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.generating.voice_folders import VoiceFolders
from bot.log.replay import Replay
from bot.playground.inline import InlineAnswer
from bot.storage.ratings import Ratings
from bot.talking.newest import Newest
from bot.talking.offers import LADDER, offers, read_offer
from tests.bot.fakes import FakeGenerator, FakeLoader, expected_text
from tests.bot.generating.test_voices import ANA, checkpoint
from tests.bot.stage import NOW, Stage


async def asked(stage: Stage, text: str) -> InlineAnswer:
    ask = await stage.playground.ask_inline(stage.group, stage.you, text)
    return await ask.answer


def text_of(answer: InlineAnswer, place: int) -> str:
    return str(answer.results[place].content["text"])


async def test_three_continuations_at_three_temperatures_are_offered(stage: Stage) -> None:
    answer = await asked(stage, "once upon")
    assert len(answer.results) == len(LADDER)
    texts = [text_of(answer, place) for place in range(3)]
    assert all(text.startswith("once upon") for text in texts)
    assert len(set(texts)) == 3
    (call,) = stage.playground.calls.of("answerInlineQuery")
    assert call.parameters["is_personal"] in ("true", "True", True)
    assert '"parse_mode"' not in str(call.parameters["results"])
    await stage.idle()
    assert await stage.prompts() == []  # nothing was chosen yet


async def test_the_chosen_one_is_written_down_with_the_others_and_preferred(stage: Stage) -> None:
    answer = await asked(stage, "choose me")
    sent = await stage.playground.choose(stage.group, stage.you, answer, answer.results[1].id)
    await stage.idle()
    prompts = await stage.prompts()
    assert [prompt.asked.temperature for prompt in prompts] == [temperature for temperature, _ in LADDER]
    texts = [(prompt.answer.reply_text or "").strip() for prompt in prompts]
    assert texts == [text_of(answer, place) for place in range(3)]
    chosen = prompts[1]
    assert sent.text == texts[1]
    assert (chosen.asked.kind, chosen.asked.seed_text, chosen.asked.chat_id) == ("inline", "choose me", None)
    assert chosen.asked.user_id == stage.you
    assert chosen.asked.consent_id is None  # whoever was not asked allowed nothing
    assert [bool(prompt.answer.inline_message_id) for prompt in prompts] == [False, True, False]
    async with stage.database.reading() as connection:
        (rating,) = await Ratings(connection).of_prompts([prompt.id for prompt in prompts])
    assert (rating.prompt_id, rating.kind, rating.value) == (chosen.id, "chosen", "1")


async def test_what_is_chosen_in_the_bots_own_chat_is_no_seed(stage: Stage) -> None:
    answer = await asked(stage, "once upon")
    await stage.playground.choose(stage.you, stage.you, answer, answer.results[1].id)
    await stage.idle()
    assert {prompt.asked.kind for prompt in await stage.prompts()} == {"inline"}


async def test_what_was_offered_before_a_restart_may_be_chosen_after_it_and_counts_once(stage: Stage) -> None:
    answer = await asked(stage, "patience")
    await stage.idle()
    await stage.restart()
    you = {"id": stage.you, "is_bot": False, "first_name": "You"}
    choice = {"result_id": answer.results[2].id, "from": you, "query": "patience", "inline_message_id": "abc"}
    await stage.deliver_update("chosen_inline_result", choice)
    await stage.idle()
    chosen = (await stage.prompts())[2].answer
    assert (chosen.reply_text or "").strip() == text_of(answer, 2)
    assert chosen.inline_message_id == "abc"


async def test_what_the_person_sets_between_offer_and_choice_changes_nothing_of_the_row(
    address: str, tmp_path: Path
) -> None:
    loader = FakeLoader(FakeGenerator(), ana=FakeGenerator(weights=ANA))
    folders = VoiceFolders(tmp_path / "parrot", ((None, checkpoint(tmp_path / "voices" / "ana")),))
    async with Stage(address, FakeGenerator(), loader=loader, voices=folders) as stage:
        answer = await asked(stage, "once upon")
        for command in ("/voice ana", "/temp 1.7", "/length 55"):
            await stage.ask(command)
        await stage.playground.choose(stage.group, stage.you, answer, answer.results[1].id)
        await stage.idle()
        prompts = await stage.prompts()
        texts = [(prompt.answer.reply_text or "").strip() for prompt in prompts]
        assert texts == [text_of(answer, place) for place in range(3)]
        assert {prompt.asked.fingerprint for prompt in prompts} == {loader.generators[""].fingerprint}
        for replay in (Replay([prompt], None) for prompt in prompts):
            generator = loader.generators[""]
            assert replay.difference(generator, replay.text(generator)) is None


async def test_a_newer_query_of_the_same_person_gives_up_the_older(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator) as stage:
        generator.gate.clear()
        older = await stage.playground.ask_inline(stage.group, stage.you, "old")
        await asyncio.to_thread(generator.entered.wait, 10)
        newer = await stage.playground.ask_inline(stage.group, stage.you, "new")
        await stage.taken()
        generator.gate.set()
        assert all(result.content["text"].startswith("new") for result in (await newer.answer).results)
        await stage.idle()
        assert not older.answer.done()
        assert len(stage.playground.calls.of("answerInlineQuery")) == 1


async def test_nothing_typed_is_answered_with_what_to_do(stage: Stage) -> None:
    answer = await asked(stage, "  ")
    assert answer.results == ()
    assert "go on" in (answer.button or "")


async def test_a_query_that_has_expired_troubles_nobody(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator) as stage:
        generator.gate.clear()
        await stage.playground.ask_inline(stage.group, stage.you, "late")
        await asyncio.to_thread(generator.entered.wait, 10)
        stage.playground.expire()
        generator.gate.set()
        call = await stage.playground.calls.wait("answerInlineQuery")
        assert call.status == 400
        assert (await stage.ask("/seed still here")).startswith("still here")


async def test_results_that_are_not_ours_are_not_written_down(stage: Stage) -> None:
    you = {"id": stage.you, "is_bot": False, "first_name": "You"}
    for result_id in ("", "x", "1.9.5.01234567", "1.0.5.ffffffff", "1.0.99999999999999999999.01234567"):
        await stage.deliver_update("chosen_inline_result", {"result_id": result_id, "from": you, "query": "q"})
    await stage.idle()
    assert await stage.prompts() == []


@given(st.integers(0, 2**63 - 1), st.text("0123456789abcdef", min_size=32))
def test_an_offer_says_in_its_id_all_that_it_takes(rng_seed: int, fingerprint: str) -> None:
    for offer in offers(rng_seed, fingerprint):
        assert read_offer(offer.id) == offer
        assert len(offer.id) <= 64


async def test_newer_work_for_another_one_disturbs_nobody() -> None:
    newest: Newest[str] = Newest()
    first, second = asyncio.Event(), asyncio.Event()

    async def work(gate: asyncio.Event, outcome: str) -> str:
        await gate.wait()
        return outcome

    tasks = [asyncio.create_task(newest.run(whom, work(gate, str(whom)))) for whom, gate in ((1, first), (2, second))]
    second.set()
    assert await tasks[1] == "2"
    first.set()
    assert await tasks[0] == "1"


# --- guest mode ---------------------------------------------------------------------------------------------


async def test_called_in_a_chat_it_has_not_joined_it_answers_there_once(stage: Stage) -> None:
    elsewhere = outside(stage)
    await stage.playground.say(elsewhere, stage.you, "@cotorra_bot tell us a story")
    answer = await stage.playground.until(elsewhere, lambda m: m.guest_bot_caller_user is not None)
    await stage.idle()
    (prompt,) = await stage.prompts()
    assert answer.text == (prompt.answer.reply_text or "").strip()
    assert (prompt.asked.kind, prompt.asked.seed_text, prompt.asked.chat_id) == ("guest", "tell us a story", None)
    assert (prompt.answer.outcome, bool(prompt.answer.inline_message_id)) == ("answered", True)
    text = expected_text("tell us a story", 200, prompt.asked.sampling, prompt.asked.rng_seed)
    assert text.startswith((prompt.answer.reply_text or "").removeprefix("tell us a story")[:50])


async def test_a_guest_is_told_when_there_is_nothing_to_continue(stage: Stage) -> None:
    elsewhere = outside(stage)
    await stage.playground.say(elsewhere, stage.you, "@cotorra_bot")
    answer = await stage.playground.until(elsewhere, lambda m: m.guest_bot_caller_user is not None)
    assert "/seed" in (answer.text or "")
    await stage.idle()
    assert await stage.prompts() == []


async def test_a_mention_that_ends_within_an_emoji_names_nobody(stage: Stage) -> None:
    chat = {"id": -5, "type": "group", "title": "Elsewhere"}
    person = {"id": stage.you, "is_bot": False, "first_name": "You"}
    entities = [{"type": "mention", "offset": 0, "length": 5}]
    message = {"message_id": 1, "date": NOW, "chat": chat, "from": person, "text": "@bot🦜 sings", "entities": entities}
    await stage.deliver_update("guest_message", message | {"guest_query_id": "1"})
    (prompt,) = await stage.idle()
    assert prompt.asked.seed_text == "@bot🦜 sings"


async def test_a_guest_that_comes_too_late_goes_quietly(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator) as stage:
        generator.gate.clear()
        await stage.playground.say(outside(stage), stage.you, "go on @cotorra_bot please")
        await asyncio.to_thread(generator.entered.wait, 10)
        stage.playground.expire()
        generator.gate.set()
        await stage.playground.calls.wait("answerGuestQuery")
        await stage.idle()
        (prompt,) = await stage.prompts()
        assert (prompt.asked.seed_text, prompt.answer.outcome) == ("go on please", "failed")


def outside(stage: Stage) -> int:
    """A group that the bot is no member of."""
    world = stage.playground.world
    return world.add_group("Elsewhere", list(world.people.values()), with_bot=False).chat.id
