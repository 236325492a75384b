"""The text of a model's answer in, the JSON value it holds out, however loosely it was written.

Sound JSON is read by the standard library. What is not is read by a reader that forgives: words and fences around
the object, comments, single quotes, keys without quotes, missing or trailing commas, Python's words, and an end that
never came (`whole` is False then). It executes nothing, and its time grows with the length of the text only.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

MOST_TRIES = 20
"""Empty objects that are passed over."""
MAX_DEPTH = 60
"""Levels of nesting that are read; schemas have at most 30, with the wrapping of values twice as many."""
LONGEST_INTEGER = 19
"""Figures of a number that is read as one: longer ones are identifiers."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_SKIP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|#[^\n]*)+", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?=[\s,\]}:/#]|$)")
_BARE = re.compile(r"[^\s,\[\]{}:\"'][^,\[\]{}:\"'\n]*")
_WORDS = {"true": True, "false": False, "null": None, "none": None, "undefined": None, "nan": None}
_DECODER = json.JSONDecoder()
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_CLOSERS = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_HEX_DIGITS = 4


class NotJson(Exception):
    """There is no object or list in the text; the message says what was found instead."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A value that was read; `whole` says whether its text came to an end, `sound` whether it was JSON as it was."""

    value: Any
    whole: bool = True
    sound: bool = True


def json_in(text: str) -> Mended:
    r"""The first object or list in a text.

    >>> json_in("Here you are:\n```json\n{'a': 1, b: [2, 3,]}\n```").value
    {'a': 1, 'b': [2, 3]}

    Raises NotJson.
    """
    text = _THOUGHT.sub(" ", text).lstrip("\ufeff").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        if isinstance(value, dict | list):
            return Mended(value)
    sound = _sound_in(text)
    if sound is not None:
        return Mended(sound)
    start = _start(text, 0)
    if start < 0:
        shown = " ".join(text.split())[:80]
        raise NotJson(f"it holds no JSON object, but begins with {shown!r}" if shown else "it is empty")
    reader = _Reader(text, start)
    value = reader.value(0)
    return Mended(value, whole=not reader.ended, sound=False)


def _sound_in(text: str) -> Any:
    """The first sound object in a text that has something in it; None without one."""
    at, tries = _start(text, 0), 0
    while at >= 0 and tries < MOST_TRIES:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None  # the first object is the one that is meant, however it is written
        if value:
            return value
        at, tries = _start(text, end), tries + 1
    return None


def _start(text: str, after: int) -> int:
    """Where the next object begins, or the list around it; -1 without one."""
    at = text.find("{", after)
    before = text[after:at].rstrip() if at >= 0 else ""
    return after + len(before) - 1 if before.endswith("[") else at


class _Reader:
    """Reads one value from a place on; never fails but for depth, since it takes whatever comes next."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self.ended = False

    def value(self, depth: int) -> Any:
        """The value that begins here."""
        if depth > MAX_DEPTH:
            raise NotJson(f"it is nested deeper than {MAX_DEPTH} levels")
        sign = self._next()
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        if sign in _CLOSERS:
            return self._quoted()
        return self._bare()

    def _next(self) -> str:
        """The next letter that counts; empty at the end."""
        skipped = _SKIP.match(self._text, self._at)
        if skipped:
            self._at = skipped.end()
        if self._at >= len(self._text):
            self.ended = True
            return ""
        return self._text[self._at]

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._at += 1
        while (sign := self._next()) not in {"}", ""}:
            if sign in ",:]":
                self._at += 1
                continue
            key = self._quoted() if sign in _CLOSERS else str(self._bare(raw=True))
            if self._next() != ":":
                if not self.ended:
                    found.setdefault(key, None)
                continue
            self._at += 1
            if self._next() in {",", "}"}:
                found[key] = None
                continue
            if self.ended:
                break
            found[key] = self.value(depth + 1)
        self._at += 1
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self._at += 1
        while (sign := self._next()) not in {"]", ""}:
            if sign in ",:}":
                if sign == "}":
                    return found  # the list was not closed, but what holds it is
                self._at += 1
                continue
            found.append(self.value(depth + 1))
        self._at += 1
        return found

    def _quoted(self) -> str:
        closer = _CLOSERS[self._text[self._at]]
        self._at += 1
        letters: list[str] = []
        while self._at < len(self._text):
            sign = self._text[self._at]
            self._at += 1
            if sign == "\\":
                letters.append(self._escaped())
            elif sign == closer and self._closes(closer):
                return _paired("".join(letters))
            else:
                letters.append(sign)
        self.ended = True
        return _paired("".join(letters))

    def _closes(self, closer: str) -> bool:
        """Whether a quotation mark ends its text: an apostrophe within a word does not."""
        return not (closer == "'" and self._text[self._at : self._at + 1].isalnum())

    def _escaped(self) -> str:
        sign = self._text[self._at : self._at + 1]
        self._at += 1
        if sign == "u":
            digits = self._text[self._at : self._at + _HEX_DIGITS]
            try:
                letter = chr(int(digits, 16))
            except ValueError:
                return ""
            self._at += _HEX_DIGITS
            return letter
        return _ESCAPES.get(sign, sign)

    def _bare(self, *, raw: bool = False) -> Any:
        number = _NUMBER.match(self._text, self._at)
        if number and not raw:
            self._at = number.end()
            return _number(number.group())
        word = _BARE.match(self._text, self._at)
        if word is None:
            self._at += 1  # a sign that belongs to nothing
            return None
        self._at = word.end()
        told = word.group().strip()
        return told if raw else _WORDS.get(told.lower(), told)


def _paired(text: str) -> str:
    """The text with letters that were escaped in two halves put together; a lone half becomes a replacement sign."""
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(told: str) -> Any:
    if any(sign in told for sign in ".eE"):
        return float(told)
    return int(told) if len(told) <= LONGEST_INTEGER else told
