import io
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.handlers.surprise import HIGH, LOW, TITLE, UNIT
from bot.languages import LANGUAGES, phrases
from bot.pictures.colours import FULL, PAPER, colour_of, contrast, ink_on
from bot.pictures.fonts import FOLDER, font_for
from bot.pictures.lines import JOINER, Cell, cells_of, in_sight_order, paragraphs_of, runs_from_right, wrap
from bot.pictures.surprise import LONGEST, QUIET, WIDTH, Words, draw_surprise, shorten, unseen

WORDS = Words("2.31", "bits per character", "How much each character surprised me", "low", "high", "@a_bot")
SCALE = [FULL * step / 200 for step in range(201)]
NOBODYS = "\N{EGYPTIAN HIEROGLYPH A001}"  # in none of our fonts, and in no machine's that we ask for
ALPHABETS = "aZ09 áéíóúüñ¿¡ àâçèêëîïôœùûÿ äöüß ãõ ìò АБВЯабвяёъ αβγΩ אבגד ابجد ԱԲ აბ “”«»—…€ 😂👍🔥❤🦜🥹"


def picture(text: str, nats: float = 1.0) -> Image.Image:
    return Image.open(io.BytesIO(draw_surprise([(character, nats) for character in text], WORDS)))


def shown(text: str) -> list[str]:
    return [cell.text for cell in cells_of((character, 1.0) for character in text)]


def test_the_more_surprising_the_darker_in_even_steps() -> None:
    lightness = [contrast(colour_of(bits), (0, 0, 0)) for bits in SCALE]
    assert all(paler > darker for paler, darker in zip(lightness, lightness[5:], strict=False))
    assert colour_of(FULL) == colour_of(40.0)
    assert colour_of(0.0) == colour_of(-0.1)


def test_every_colour_can_be_written_on() -> None:
    assert min(contrast(ink_on(colour_of(bits)), colour_of(bits)) for bits in SCALE) > 4  # large text wants 3


def test_the_mark_of_a_line_break_is_as_quiet_as_can_be_read() -> None:
    for bits, is_quiet in ((0, True), (4, False), (FULL, False)):
        marks = picture("a\n\n\n", bits * math.log(2)).crop((100, 260, WIDTH, 460))
        inks = {colour for _, colour in marks.getcolors(1_000_000)}
        assert (QUIET in inks) == is_quiet
        assert max(contrast(ink, colour_of(bits)) for ink in inks) > 3


def test_the_fonts_have_the_letters_of_all_our_languages_and_more() -> None:
    assert [character for character in ALPHABETS if font_for(character, 30) is None] == []
    assert font_for(NOBODYS, 30) is None


def test_the_fonts_say_under_which_licence_they_are() -> None:
    listed = (FOLDER / "README.md").read_text()
    assert all(name.split("-")[0][:6] in listed.replace(" ", "") for name in (p.name for p in FOLDER.glob("*.ttf")))
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "OFL.txt").read_text()


@pytest.mark.parametrize("text", ["e\u0301", "👍🏽", "👩‍👩‍👧", "🇪🇸", "❤️"])
def test_what_looks_like_one_character_is_one_cell_with_the_surprise_of_all(text: str) -> None:
    (cell,) = cells_of((character, 0.5) for character in text)
    assert (cell.text, cell.nats) == (text, 0.5 * len(text))


def test_two_flags_are_two_cells_and_a_mark_does_not_stand_on_a_break() -> None:
    assert shown("🇪🇸🇫🇷") == ["🇪🇸", "🇫🇷"]
    assert shown("\n\u0301") == ["\n", "\u0301"]


def test_arabic_letters_take_the_form_that_their_neighbours_give_them() -> None:
    cells = cells_of((character, 1.0) for character in "بابب")
    assert [cell.shown for cell in cells] == [f"ب{JOINER}", f"{JOINER}ا", f"ب{JOINER}", f"{JOINER}ب"]


def test_lines_break_after_spaces_and_within_words_that_are_too_long() -> None:
    lines = wrap(cells_of((c, 1.0) for c in "one two threefourfive"), 8, lambda _: 1.0)
    assert ["".join(cell.text for cell in line) for line in lines] == ["one two ", "threefou", "rfive"]


def test_a_line_from_right_to_left_keeps_numbers_as_they_are_and_turns_brackets() -> None:
    cells = cells_of((c, 1.0) for c in "אב (12)")
    assert runs_from_right(cells)
    assert "".join(cell.shown for cell in in_sight_order(cells, True)) == "(12) בא"
    assert not runs_from_right(cells_of((c, 1.0) for c in "12 a ב"))


@given(st.text())
def test_nothing_is_lost_on_the_way_to_lines(text: str) -> None:
    cells = cells_of((character, 1.0) for character in text)
    lines: list[list[Cell]] = [line for part in paragraphs_of(cells) for line in wrap(part, 10, lambda _: 1.0)]
    assert "".join(cell.text for line in lines for cell in line) == text
    for line in lines:
        assert sorted(cell.text for cell in in_sight_order(line, True)) == sorted(cell.text for cell in line)


@pytest.mark.parametrize("text", ["a", "a" * LONGEST, "﷽" * 300, "\n" * LONGEST, "🦜" * LONGEST, "Z" + "\u0301" * 900])
def test_a_picture_is_within_what_telegram_takes(text: str) -> None:
    image = picture(shorten(text))
    assert image.width == WIDTH
    assert image.height < 3_000  # the sum of both may be 10,000, one 20 times the other


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_a_picture_can_be_read_on_a_phone(language: str) -> None:
    on_a_phone = 300 / WIDTH  # the width that a picture has in a chat there
    say = phrases(language)
    words = Words("2.31", say(UNIT), say(TITLE), say(LOW), say(HIGH), "@a_bot")
    image = Image.open(io.BytesIO(draw_surprise([("a", 1.0)], words)))
    rows = [image.crop((0, row, WIDTH, row + 1)).getcolors() != [(WIDTH, PAPER)] for row in range(image.height)]
    heights = [len(list(run)) * on_a_phone for is_drawn, run in itertools.groupby(rows) if is_drawn]
    lines = [height for height in heights if height > 2]  # the rest are rules
    assert len(lines) >= 6  # figure, title, text, legend, its numbers, its ends, foot
    assert min(lines) > 6.5  # pixels


def test_a_surprising_text_makes_a_darker_picture() -> None:
    pale, dark = (sum(picture("hello world", nats).convert("L").tobytes()) for nats in (0.01, 6.0))
    assert dark < pale


@given(st.text(max_size=40), st.floats(0, 100))
def test_any_text_can_be_drawn(text: str, nats: float) -> None:
    assert picture(text, nats).width == WIDTH


def test_a_text_is_shortened_by_characters_and_by_lines() -> None:
    assert shorten("x" * 5_000) == "x" * LONGEST
    assert shorten("a\n" * 100).count("\n") < 40
    assert shorten("short\nenough") == "short\nenough"


def test_characters_that_only_a_box_can_stand_for_are_counted() -> None:
    assert unseen(f"a b\t\n👩‍👩‍👧 e\u0301 {NOBODYS}\u0301{NOBODYS}") == 2


def test_every_language_has_letters_for_the_picture() -> None:
    assert all(font_for(character, 30) for name in LANGUAGES.values() for character in name)
    assert math.isfinite(FULL)
