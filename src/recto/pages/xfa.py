"""The data packet of an XFA form in, its values by field name out. Pure; opens no PDF.

Only the data is read, never the form's template, scripts or pictures. The XML comes from strangers: a document
type, and with it every entity, makes the whole packet count as empty, and so does XML that is not well formed.
"""

import functools
import re
from xml.parsers import expat

MOST_BYTES = 20_000_000  # of a packet; tax forms have some 100,000
MOST_DEPTH = 200  # of nested elements
_INDEX = re.compile(r"\[\d+\]")


class _NotWanted(Exception):
    """Leaves the parser's callbacks, and nothing else."""


@functools.lru_cache(maxsize=2)
def values_of(packet: bytes) -> dict[str, str]:
    """Texts of the elements without children, by `short_name`.

    A name that several elements share is left out, since nobody can say which field is meant.

    >>> values_of(b"<data><form><Name>Ada</Name></form></data>")
    {'Name': 'Ada'}
    """
    if not packet.strip(b"\x00 \r\n\t"):
        return {}
    reader = _Reader()
    try:
        reader.parse(packet.rstrip(b"\x00"))
    except (expat.ExpatError, _NotWanted):
        return {}
    return {name: texts[0] for name, texts in reader.found.items() if len(texts) == 1}


def short_name(name: str) -> str:
    """The last part of a full field name, without its index.

    >>> short_name("topmostSubform[0].Page1[0].Name[0]")
    'Name'
    """
    return _INDEX.sub("", name.rsplit(".", 1)[-1])


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self._open: list[tuple[str, list[str], list[bool]]] = []

    def parse(self, packet: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(packet, True)

    def _refuse(self, *_: object) -> None:
        raise _NotWanted

    def _begin(self, name: str, _: object) -> None:
        if len(self._open) >= MOST_DEPTH:
            raise _NotWanted
        if self._open:
            self._open[-1][2].append(True)
        self._open.append((name.rsplit(":", 1)[-1], [], []))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][1].append(text)

    def _end(self, _: str) -> None:
        name, texts, children = self._open.pop()
        text = "".join(texts).strip()
        if text and not children:
            self.found.setdefault(name, []).append(text)
