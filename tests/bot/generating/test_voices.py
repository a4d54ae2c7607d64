import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import SchedulerStopped, SettingsError
from bot.generating.scheduler import Scheduler, Turn
from bot.generating.voice_folders import LONGEST_NAME, VoiceFolders, parse_voices
from bot.generating.voice_loader import Card, CheckpointLoader
from bot.generating.voices import LOOK_EVERY, Voices
from model.config import SamplingConfig
from model.errors import CheckpointDamaged, CheckpointMissing
from model.generator import STARTER
from model.sampling import Rng
from tests.bot.fakes import FakeGenerator, FakeLoader

ANA = "a" * 32
NEW = "b" * 32


def checkpoint(folder: Path) -> Path:
    """What is taken for one by its name alone."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", "utf-8")
    return folder


def turn(seed: str = "a") -> Turn:
    return Turn(seed, 100, SamplingConfig(), Rng(1))


async def is_closed(scheduler: Scheduler) -> bool:
    try:
        await scheduler.run(turn())
    except SchedulerStopped:
        return True
    return False


@asynccontextmanager
async def voices_of(loader: FakeLoader, *names: str) -> AsyncIterator[Voices]:
    """Voices that are called as their folders are, which need not exist."""
    first, *others = names
    folders = _Listed(Path(first), tuple((name, Path(name)) for name in others))
    async with Voices(folders, loader) as voices:
        yield voices
        for generator in loader.generators.values():
            generator.gate.set()


class _Listed(VoiceFolders):
    def find(self) -> dict[str, Path]:
        return {self.first.name: self.first} | {str(name): path for name, path in self.others}


# --- who writes -----------------------------------------------------------------------------------------


async def test_each_voice_writes_with_its_own_weights() -> None:
    async with voices_of(FakeLoader(FakeGenerator(), ana=FakeGenerator(weights=ANA)), "parrot", "ana") as voices:
        one = await voices.scheduler("parrot").run(turn())
        other = await voices.scheduler("ana").run(turn())
        assert one.text != other.text
        assert voices.scheduler("ana").fingerprint == f"{ANA}/fake"


@pytest.mark.parametrize("name", [None, "gone", ""])
async def test_a_chat_without_a_voice_or_with_one_that_is_gone_has_the_first(name: str | None) -> None:
    async with voices_of(FakeLoader(FakeGenerator(), ana=FakeGenerator(weights=ANA)), "parrot", "ana") as voices:
        assert voices.get(name).name == "parrot"
        assert voices.names == ("parrot", "ana")


async def test_at_the_end_every_voice_falls_silent() -> None:
    async with voices_of(FakeLoader(FakeGenerator(), ana=FakeGenerator(weights=ANA)), "parrot", "ana") as voices:
        schedulers = voices.schedulers
    for scheduler in schedulers:
        with pytest.raises(SchedulerStopped):
            await scheduler.run(turn())


# --- reloading --------------------------------------------------------------------------------------------


async def test_a_changed_checkpoint_is_loaded_and_turns_in_hand_end_on_the_old_one() -> None:
    old = FakeGenerator()
    loader = FakeLoader(old)
    async with voices_of(loader, "parrot") as voices:
        old.gate.clear()
        in_hand = asyncio.create_task(voices.scheduler().run(turn()))
        await asyncio.to_thread(old.entered.wait, 10)
        before = voices.scheduler()
        loader.generators[""] = FakeGenerator(weights=NEW)
        assert (await voices.reload()).changed == ["parrot"]
        assert voices.scheduler().fingerprint == f"{NEW}/fake"
        new = await voices.scheduler().run(turn())
        assert not in_hand.done()
        old.gate.set()
        assert (await in_hand).text != new.text
        async with asyncio.timeout(10):
            while not await is_closed(before):  # noqa: ASYNC110  it closes once it has been idle for a moment
                await asyncio.sleep(2 * LOOK_EVERY)
        assert voices.active == 0


async def test_a_reload_of_the_same_weights_changes_nothing() -> None:
    async with voices_of(FakeLoader(FakeGenerator()), "parrot") as voices:
        before = voices.scheduler()
        assert (await voices.reload()).same == ["parrot"]
        assert voices.scheduler() is before


async def test_a_voice_that_cannot_be_read_stays_as_it_is_and_the_others_are_loaded() -> None:
    loader = _Breaking(FakeGenerator(), ana=FakeGenerator(weights=ANA))
    async with voices_of(loader, "parrot", "ana") as voices:
        loader.broken = "parrot"
        loader.generators["ana"] = FakeGenerator(weights=NEW)
        result = await voices.reload()
        assert (result.changed, list(result.failed)) == (["ana"], ["parrot"])
        assert "copy the checkpoint again" in result.failed["parrot"]
        assert (await voices.scheduler("parrot").run(turn())).text


async def test_a_checkpoint_that_appears_in_the_folder_is_a_new_voice(tmp_path: Path) -> None:
    checkpoint(tmp_path / "voices" / "ana")
    folders = VoiceFolders(tmp_path / "parrot", ((None, tmp_path / "voices"),))
    async with Voices(folders, FakeLoader(FakeGenerator())) as voices:
        assert voices.names == ("parrot", "ana")
        checkpoint(tmp_path / "voices" / "bea")
        assert (await voices.reload()).new == ["bea"]
        assert voices.names == ("parrot", "ana", "bea")


class _Breaking(FakeLoader):
    broken = ""

    def generator(self, path: Path) -> FakeGenerator:
        if path.name == self.broken:
            raise CheckpointDamaged(f"{path} is missing: copy the checkpoint again, or train it again")
        return super().generator(path)

    def card(self, path: Path) -> Card:
        if path.name == self.broken:
            raise CheckpointDamaged(f"{path} is missing: copy the checkpoint again, or train it again")
        return super().card(path)


# --- the operator's folders -----------------------------------------------------------------------------


def test_voices_are_pairs_folders_of_checkpoints_or_checkpoints(tmp_path: Path) -> None:
    ana, bea = checkpoint(tmp_path / "all" / "ana"), checkpoint(tmp_path / "all" / "bea")
    (tmp_path / "all" / "notes").mkdir()
    checkpoint(tmp_path / "all" / ".bea.previous")
    carl = checkpoint(tmp_path / "carl")
    others = parse_voices(f"{tmp_path / 'all'}, {carl},Don Quijote = {ana}")
    first = checkpoint(tmp_path / "parrot")
    assert VoiceFolders(first, others).find() == {
        "parrot": first,
        "ana": ana,
        "bea": bea,
        "carl": carl,
        "Don Quijote": ana,
    }


def test_the_first_voice_is_not_offered_twice(tmp_path: Path) -> None:
    ana = checkpoint(tmp_path / "all" / "ana")
    checkpoint(tmp_path / "all" / "bea")
    assert list(VoiceFolders(ana, ((None, tmp_path / "all"),)).find()) == ["ana", "bea"]
    assert list(VoiceFolders(ana, (("Ana B.", ana),)).find()) == ["Ana B."]


def test_another_first_voice_of_the_same_name_gets_a_number(tmp_path: Path) -> None:
    ana = checkpoint(tmp_path / "all" / "ana")
    other = checkpoint(tmp_path / "ana")
    assert VoiceFolders(other, ((None, tmp_path / "all"),)).find() == {"ana 2": other, "ana": ana}


@pytest.mark.parametrize("what", ["nothing", "empty", "file"])
def test_a_folder_without_a_voice_is_refused_with_a_sentence(tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(SettingsError, match=r"^COTORRA_VOICES: expected .*, found none$"):
        VoiceFolders(STARTER, ((None, tmp_path / what),)).find()


def test_two_voices_of_one_name_are_refused_with_a_sentence(tmp_path: Path) -> None:
    one, other = checkpoint(tmp_path / "a" / "ana"), checkpoint(tmp_path / "b" / "ana")
    with pytest.raises(SettingsError, match="write another name before one of them: name=folder"):
        VoiceFolders(STARTER, ((None, one), (None, other))).find()


def test_a_name_that_no_button_can_hold_is_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / ("x" * (LONGEST_NAME + 1)))
    with pytest.raises(SettingsError, match="write one before it: name=folder"):
        VoiceFolders(STARTER, ((None, folder),)).find()


@pytest.mark.parametrize("text", ["=folder", "name=", f"{'x' * 33}=folder", "a=x,a=y", "a\tb=x"])
def test_what_is_no_list_of_voices_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        parse_voices(text)


# --- checkpoints ------------------------------------------------------------------------------------------


async def test_a_real_checkpoint_has_a_card_and_a_voice() -> None:
    async with Voices(VoiceFolders(STARTER), CheckpointLoader("litert")) as voices:
        voice = voices.get()
        assert voice.name == "starter"
        assert voice.scheduler.fingerprint == f"{voice.card.weights}/litert-int8"
        assert (voice.card.corpus, voice.card.network, voice.card.alphabet) == ("python-docs", "1 × 512 LSTM", 103)
        assert voice.card.bits is not None
        assert len((await voice.scheduler.run(turn("Domingo"))).text) == 100


async def test_a_first_folder_that_is_missing_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissing, match="make one with cotorra train"):
        async with Voices(VoiceFolders(tmp_path / "none"), CheckpointLoader("litert")):
            pass
