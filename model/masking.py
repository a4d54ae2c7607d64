"""Personal data out of texts: user names, e-mail, links, phones, cards, id numbers -> placeholders.

Where a word might be either, it is masked: a joke lost is cheaper than a number that a bot tells to strangers.
Every pattern is bounded, so that no text takes more than a time proportional to its length.
"""

import re
from collections import Counter

USER, EMAIL, LINK, PHONE, CARD, ID = "[user]", "[email]", "[link]", "[phone]", "[card]", "[id]"

_DOMAINS = (  # endings that make two words with a dot between them an address
    "com|org|net|info|biz|edu|gov|io|co|me|tv|app|dev|ai|xyz|online|site|shop|store|link|live|blog|news|club|top|gl|ly|gg|"
    "es|mx|ar|cl|pe|ve|uy|ec|cat|eu|br|pt|de|at|ch|fr|be|it|nl|uk|ie|us|ca|au|nz|ru|ua|by|kz|pl|cz|sk|ro|hu|gr|tr|ir|il|"
    "in|pk|id|my|sg|th|vn|ph|cn|hk|tw|jp|kr|za|ng|ke|eg|ma|se|no|dk|fi|to|cc|ws|fm|рф|su"
)
_EMAIL = re.compile(r"(?:mailto:)?[\w.+%-]{1,64}@\w[\w.-]{0,252}")
_USER = re.compile(r"@\u2068[^\u2069\n]{0,200}\u2069?|@\w[\w.]{0,64}")
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://\S+"
    r"|(?<!\w)(?:www\.|tg:|mailto:|tel:)\S+"
    rf"|(?<![\w.-])(?:[\w-]{{1,63}}\.){{1,5}}(?:(?:{_DOMAINS})\b(?!\.\w)(?:[/:?#]\S*)?|[^\W\d_]{{2,24}}/\S*)",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"[.:]\S")  # what every link has, and few other sentences: the search for links is slow
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b")
_NUMBER = re.compile(
    r"(?:\+[\s(]?|\(\+?)?\d(?:[ \t\u00a0\u2007-\u2015\u202f().\-/]{0,3}\d){5,}(?:[-.]?[A-Za-z](?!\w))?"
)
_LETTERED = re.compile(r"\b[A-Za-z]{1,2}-?\d{6,9}-?[A-Za-z]?\b")  # NIE and passports: X1234567L, AB123456
_DIGIT = re.compile(r"\d")
_DATE = re.compile(
    r"(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{4})(?:[ \t]+\d{1,2}(?:\.\d\d)?)?|\d{4}\s?[-–/]\s?\d{4}"
)
_GROUPED = re.compile(r"\d{1,3}(?:[.\u00a0\u202f]\d{3}){2,4}")  # 12.345.678: a sum of money
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")  # of a machine


PLACEHOLDERS = (USER, EMAIL, LINK, PHONE, CARD, ID)


def masked(text: str, found: Counter[str] | None = None) -> str:
    """The text with a placeholder for each piece of personal data that can be told by its form.

    found: is added to: how often each placeholder was put in.
    """
    if "@" in text:
        text = _put(USER, _USER, _put(EMAIL, _EMAIL, text, found), found)
    if _WITHIN.search(text):
        text = _put(LINK, _LINK, text, found)
    if len(_DIGIT.findall(text)) >= 6:
        text = _put(ID, _LETTERED, _put(ID, _IBAN, text, found), found)
        text = _NUMBER.sub(lambda match: _number(match, found), text)
    return text


def _put(placeholder: str, form: re.Pattern[str], text: str, found: Counter[str] | None) -> str:
    text, count = form.subn(placeholder, text)
    if found is not None and count:
        found[placeholder] += count
    return text


def _number(match: re.Match[str], found: Counter[str] | None) -> str:
    text = match.group()
    placeholder = _kind_of(text)
    if placeholder is None:
        return text
    if found is not None:
        found[placeholder] += 1
    return placeholder


def _kind_of(text: str) -> str | None:
    """The placeholder of a row of digits; None for a date, a sum or too short a number."""
    digits = [int(character) for character in text if character.isdecimal()]
    if text[0] in "+(" and len(digits) >= 7:
        return PHONE
    if _DATE.fullmatch(text) or (_GROUPED.fullmatch(text) and len(digits) < 13):
        return None
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return CARD
    if _ADDRESS.fullmatch(text) or text[-1].isalpha() or len(digits) > 10 or re.fullmatch(r"\d{3}-\d\d-\d{4}", text):
        return ID
    return PHONE if len(digits) >= 7 else None


def _luhn(digits: list[int]) -> bool:
    """The check that every payment card's number passes (ISO/IEC 7812-1)."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
