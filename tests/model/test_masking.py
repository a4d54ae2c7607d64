"""Personal data by its form, in the forms it has."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.masking import masked

AROUND = st.text("abc ,;:!?¿¡\n()ñé語🦜", max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pregunta a @ana_lopez, o a @⁨Ana López⁩.", "pregunta a [user], o a [user]."),
        ("ana.lopez+x@mail.example.com.mx", "[email]"),
        ("mira https://example.com/a?b=1 y www.example.org/x", "mira [link] y [link]"),
        ("en t.me/canal o example.com o EJEMPLO.ES", "en [link] o [link] o [link]"),
        ("tg://resolve?domain=x o mailto:a@b.cc", "[link] o [email]"),
        ("+34 612 34 56 78", "[phone]"),
        ("+1 (555) 123-4567 o (555) 123-4567 o 555-123-4567", "[phone] o [phone] o [phone]"),
        ("06 12 34 56 78; 612345678; 555-1234; 06.12.34.56.78", "[phone]; [phone]; [phone]; [phone]"),
        ("٠٦١٢٣٤٥٦٧٨", "[phone]"),
        ("4111 1111 1111 1111, 4111-1111-1111-1111, 378282246310005", "[card], [card], [card]"),
        ("12345678Z, X1234567L, AB123456, 123-45-6789", "[id], [id], [id], [id]"),
        ("123.456.789-09 y 1234 5678 9012", "[id] y [id]"),
        ("ES91 2100 0418 4502 0005 1332", "[id]"),
        ("192.168.10.123", "[id]"),
        ("12345678abc", "[phone]abc"),
    ],
)
def test_it_is_replaced(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "quedamos el 31/12/2023 a las 23:59, o 2023-12-31 10:20",
        "cuesta 12.345.678 euros, o 1,234,567.89",
        "de 1939-1945, versión 1.2.3, 3.14, 100%",
        "hola...que tal. Eso es todo.Ya e.g. main.py node.js",
        "a las 10:30: 5 km :) @ las 5",
        "12345",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert masked(text) == text


LOCAL = st.text("abcdefghijklmnopqrstuvwxyz0123456789._+-", min_size=1, max_size=30)
DIGITS = st.text("0123456789", min_size=9, max_size=15)


@given(AROUND, LOCAL, st.from_regex(r"[a-z][a-z0-9-]{0,10}\.(com|es|org|co\.uk|io)", fullmatch=True), AROUND)
def test_no_e_mail_is_left(before: str, local: str, domain: str, after: str) -> None:
    assert "@" not in re.sub(r"@(?!\w)", "", masked(f"{before} {local}@{domain} {after}"))


@given(AROUND, st.from_regex(r"[A-Za-z_]\w{0,31}", fullmatch=True), AROUND)
def test_no_user_name_is_left(before: str, name: str, after: str) -> None:
    assert not re.search(r"@\w", masked(f"{before}@{name}{after}"))


@given(AROUND, DIGITS, st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", ") "]), max_size=20), AROUND)
def test_no_phone_is_left_however_it_is_written(before: str, digits: str, gaps: list[str], after: str) -> None:
    gaps += [""] * len(digits)
    written = "+" + "".join(digit + gap for digit, gap in zip(digits, gaps, strict=False))
    assert not re.search(r"\d", masked(before + written + after))


@given(AROUND, st.sampled_from(["http://", "https://", "www.", "tg://", "HTTPS://"]), LOCAL, AROUND)
def test_no_link_is_left(before: str, scheme: str, rest: str, after: str) -> None:
    text = masked(f"{before} {scheme}x{rest} {after}")
    assert "://" not in text.replace(before, "").replace(after, "")
    assert "www." not in text


@given(st.text())
def test_a_second_time_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)


@pytest.mark.timeout(60)  # a moment; where time grows with the square of the length, minutes
@pytest.mark.parametrize("unit", ["a", "1", "1 ", "@", "a.", "a@", "1-", "(+", "http", "x://", "a-", "A1", "12.", "1é"])
def test_no_text_takes_endless_time(unit: str) -> None:
    text = "@ http: " + unit * (200_000 // len(unit)) + " 1234567"
    assert "http" in masked(text)


def test_what_was_masked_is_counted() -> None:
    found: Counter[str] = Counter()
    for text in ("@ana o @luis, ana@example.com", "612345678, 4111 1111 1111 1111, X1234567L, 2026-01-31", "[user]"):
        assert masked(text, found) == masked(text)
    assert found == {"[user]": 2, "[email]": 1, "[phone]": 1, "[card]": 1, "[id]": 1}
