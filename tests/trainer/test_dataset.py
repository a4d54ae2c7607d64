"""Ids on disk, and contiguous streams of (x, y)."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.vocabulary import UNKNOWN_ID
from trainer.counting import LeftOut, usual_minimum
from trainer.dataset import Dataset, Streams
from trainer.errors import CorpusError

LONG = "the quick brown fox jumps over the lazy dog. " * 40


def test_hola_in_steps_of_three_gives_hol_and_ola() -> None:
    """The notebook's own example."""
    dataset = Dataset.build(["Hola" * 5])
    x, y = Streams(dataset.whole.part(0, 4), batch_size=1, sequence_length=3).chunk(0)
    assert dataset.vocabulary.decode(x[0]) == "Hol"
    assert dataset.vocabulary.decode(y[0]) == "ola"


def test_a_stream_is_contiguous_and_runs_on_into_the_next() -> None:
    """The notebook's first slip was state carried across shuffled, unrelated windows."""
    dataset = Dataset.build([LONG])
    streams = Streams(dataset.training, 4, 16)
    decode = dataset.vocabulary.decode
    chunks = [streams.chunk(number)[0] for number in range(2 * streams.chunks_per_epoch)]
    for row in range(4):
        text = "".join(decode(chunk[row]) for chunk in chunks[: streams.chunks_per_epoch])
        assert text in LONG
    ends = [decode(streams.chunk(streams.chunks_per_epoch - 1)[1][row][-1:]) for row in range(3)]
    begins = [decode(chunks[streams.chunks_per_epoch][row][:1]) for row in range(3)]
    rows = [decode(chunks[0][row + 1][:1]) for row in range(3)]
    assert begins == rows
    assert len(ends) == 3


def test_an_epoch_holds_each_character_at_most_once() -> None:
    dataset = Dataset.build(["".join(map(chr, range(100, 1100)))])
    streams = Streams(dataset.training, 8, 10)
    seen = np.concatenate([streams.chunk(n)[0].ravel() for n in range(streams.chunks_per_epoch)])
    assert len(seen) == len(set(seen.tolist())) > 850


def test_y_is_x_one_character_on() -> None:
    streams = Streams(Dataset.build([LONG]).training, 4, 16)
    for number in (0, 3, streams.chunks_per_epoch * 5 + 1):
        x, y = streams.chunk(number)
        assert np.array_equal(x[:, 1:], y[:, :-1])


@given(st.integers(20, 400), st.integers(1, 64), st.integers(1, 100))
def test_any_text_gets_streams_however_short(length: int, batch_size: int, sequence_length: int) -> None:
    dataset = Dataset.build([(LONG * 2)[:length]])
    streams = Streams(dataset.training, batch_size, sequence_length)
    assert streams.chunks_per_epoch >= 1
    x, y = streams.chunk(streams.chunks_per_epoch - 1)
    assert x.shape == y.shape == (streams.batch_size, streams.sequence_length)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60), max_size=8))
def test_the_pieces_make_no_difference(pieces: list[str]) -> None:
    whole = LONG + "".join(pieces)
    one, many = Dataset.build([whole]), Dataset.build([LONG, *pieces])
    assert np.array_equal(one.whole[:], many.whole[:])
    assert one.digest == many.digest
    assert one.vocabulary.decode(one.whole[:].tolist()) == whole


def test_the_last_tenth_is_held_out() -> None:
    dataset = Dataset.build([LONG])
    assert len(dataset.training) == int(0.9 * len(LONG))
    assert dataset.vocabulary.decode(dataset.validation[:].tolist()) == LONG[int(0.9 * len(LONG)) :]


def test_rare_characters_become_unknown() -> None:
    dataset = Dataset.build([LONG + "ж"], minimum_count=2)
    assert "ж" not in dataset.vocabulary
    assert dataset.whole[:][-1] == UNKNOWN_ID
    assert dataset.whole.part(len(LONG) - 2, len(LONG) + 1).text() == LONG[-2:] + "ж", "the text itself keeps them"


@pytest.mark.parametrize(
    ("characters", "minimum"), [(20, 1), (1_000_000, 1), (9_999_999, 1), (10_000_000, 2), (2_000_000_000, 400)]
)
def test_how_rare_is_too_rare_grows_with_the_corpus_and_a_small_one_loses_nothing(
    characters: int, minimum: int
) -> None:
    assert usual_minimum(characters) == minimum


def test_what_is_left_out_is_counted() -> None:
    dataset = Dataset.build([LONG, "жж語", "語щ", LONG], minimum_count=3)
    assert dataset.left_out == LeftOut(minimum_count=3, different=3, characters=5)
    assert Dataset.build([LONG]).left_out == LeftOut(1, 0, 0)


def test_a_minimum_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"seen 500 times, got none seen more than 360 .*lower --minimum-count"):
        Dataset.build([LONG], minimum_count=500)


def test_more_different_characters_than_two_bytes_can_number() -> None:
    """The first 65,535 that appear are told apart; the others are `<unk>`, and counted."""
    every = "".join(map(chr, [*range(0xE000, 0x10000), *range(0x10000, 0x20000)]))
    dataset = Dataset.build([every[:50_000], every[50_000:], every])
    assert len(dataset.vocabulary.characters) == 0xFFFF
    assert dataset.left_out == LeftOut(1, len(every) - 0xFFFF, 2 * (len(every) - 0xFFFF))
    assert dataset.whole.part(0, 0xFFFF).text() == every[:0xFFFF]
    assert set(dataset.whole[0xFFFF : len(every)].tolist()) == {UNKNOWN_ID}


def test_the_ids_wait_in_a_file_without_a_name_where_they_were_told_to(tmp_path: Path) -> None:
    dataset = Dataset.build([LONG], scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CorpusError, match=r"cannot keep ids in .*gone meanwhile \(No such file.*set TMPDIR"):
        Dataset.build([LONG], scratch=tmp_path / "gone")
    assert dataset.vocabulary.decode(dataset.whole[:].tolist()) == LONG


def test_memory_that_was_given_back_is_read_again() -> None:
    dataset = Dataset.build([LONG])
    before = dataset.whole[:]
    dataset.whole.file.let_go()
    assert np.array_equal(dataset.whole[:], before)


@pytest.mark.parametrize("text", ["", "a", "too short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
def test_a_text_too_short_or_of_one_character_is_refused(text: str) -> None:
    with pytest.raises(CorpusError, match="expected a corpus of at least 20 characters and 2 different ones, got"):
        Dataset.build([text])


def test_what_is_held_in_memory_does_not_grow_with_the_corpus() -> None:
    """Eight times the text, read to its end by the streams too: less than a megabyte more."""
    piece = "Caballero andante, ¿qué es eso? " * 2_000

    def peak(pieces: int) -> int:
        tracemalloc.start()
        try:
            dataset = Dataset.build(piece for _ in range(pieces))
            streams = Streams(dataset.training, 32, 2_000)
            for number in range(streams.chunks_per_epoch):
                streams.chunk(number)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(512) < peak(64) + (1 << 20)
