"""The parameters of a call: from a query, a form, a multipart body or JSON to values of the right type.

It knows no method. Every value is text first, whatever way it came, as in Telegram's own server.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.playground.errors import bad_request

_TRUE = frozenset({"true", "yes", "1"})
_INTEGER_BOUND = 2**63


@dataclass(frozen=True)
class Upload:
    """A file that came with a call."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Parameters:
    """Named texts and files, with readers that check types."""

    values: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether the parameter is there and not empty."""
        return bool(self.values.get(name)) or name in self.files

    def text(self, name: str, default: str = "") -> str:
        """A text; a missing one is the default."""
        return self.values.get(name, default)

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number of at most 64 bits.

        Raises:
            ApiError: It is no number, or missing without a default.
        """
        value = self.values.get(name, "").strip()
        if not value:
            if default is None:
                raise bad_request(f'parameter "{name}" is required')
            return default
        sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise bad_request(f'parameter "{name}" must be an integer')
        number = int(sign + digits)
        if not -_INTEGER_BOUND <= number < _INTEGER_BOUND:
            raise bad_request(f'parameter "{name}" must be an integer')
        return number

    def boolean(self, name: str) -> bool:
        """A truth value; a missing one is false."""
        return self.values.get(name, "").strip().lower() in _TRUE

    def json_object(self, name: str) -> dict[str, Any] | None:
        """A JSON object, or None if the parameter is missing."""
        value = self._json(name)
        if value is None or isinstance(value, dict):
            return value
        raise bad_request(f'parameter "{name}" must be a JSON object')

    def json_list(self, name: str) -> list[Any] | None:
        """A JSON array, or None if the parameter is missing."""
        value = self._json(name)
        if value is None or isinstance(value, list):
            return value
        raise bad_request(f'parameter "{name}" must be a JSON array')

    def upload(self, name: str) -> Upload | None:
        """The file of this name, sent directly or by an attach:// address."""
        if name in self.files:
            return self.files[name]
        reference = self.values.get(name, "")
        if not reference.startswith("attach://"):
            return None
        if (attached := self.files.get(reference.removeprefix("attach://"))) is None:
            raise bad_request(f"can't find the attached file {reference}")
        return attached

    def _json(self, name: str) -> Any:
        if not (raw := self.values.get(name, "")).strip():
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"can't parse {name} JSON: {type(error).__name__}") from error


def from_form(arguments: Mapping[str, Sequence[bytes]], files: Mapping[str, Upload] | None = None) -> Parameters:
    """Parameters from a query or a form; of a name given twice the last value counts.

    Raises:
        ApiError: A value is not UTF-8.
    """
    try:
        values = {name: given[-1].decode() for name, given in arguments.items() if given}
    except UnicodeDecodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    return Parameters(values, files or {})


def nested(given: Mapping[str, Any]) -> Parameters:
    """The fields of an object inside a parameter, as parameters in their turn."""
    return Parameters({name: _as_text(value) for name, value in given.items() if value is not None})


def from_json(body: bytes) -> dict[str, str]:
    """Named texts from a JSON body: scalars as their text, lists and objects as JSON.

    Raises:
        ApiError: The body is no JSON object.
    """
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise bad_request("can't parse request JSON object") from error
    if not isinstance(given, dict):
        raise bad_request("request body must be a JSON object")
    return {name: _as_text(value) for name, value in given.items() if value is not None}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
