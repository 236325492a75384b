"""Documents as an extraction reads them, made from lines of text at places of a page; and schemas for them."""

from collections.abc import Mapping, Sequence

from recto.blocks.document import settle
from recto.blocks.page import lay_out
from recto.document.extraction import Extraction, Leaf, Node, ReadDocument
from recto.document.geometry import Box
from recto.document.page import FormField, Page, Word
from recto.document.result import PageInfo
from recto.document.schema import SchemaField

WIDTH, HEIGHT, SIZE = 612.0, 792.0, 10.0
LETTER, SPACE = 5.0, 2.5

Line = tuple[float, float, str]
"""Left edge and top in points, and the text."""


def words_of(lines: Sequence[Line], confidence: float | None = None) -> tuple[Word, ...]:
    """The words of lines; every letter is as wide as the next."""
    found: list[Word] = []
    for left, top, text in lines:
        place = left
        for part in text.split(" "):
            wide = LETTER * len(part)
            if part:
                box = Box(place, top, place + wide, top + SIZE)
                found.append(Word(part, box, SIZE, confidence=confidence))
            place += wide + SPACE
    return tuple(found)


def read(
    *pages: Sequence[Line], fields: Sequence[FormField] = (), confidence: float | None = None
) -> ReadDocument:
    """A document of such pages, laid out by the rules of the product; form fields stand on the first."""
    route = "digital" if confidence is None else "ocr"
    made = [
        Page(
            at,
            WIDTH,
            HEIGHT,
            route,
            "made for a test",
            words_of(lines, confidence),
            fields=tuple(fields) if at == 1 else (),
        )
        for at, lines in enumerate(pages, 1)
    ]
    infos = tuple(PageInfo(one.number, one.number, WIDTH, HEIGHT, route, one.reason) for one in made)
    blocks = settle([lay_out(one) for one in made])
    return ReadDocument(infos, blocks, {one.number: one.words for one in made})


def paragraph(text: str, top: float = 100.0, left: float = 60.0, letters: int = 85) -> list[Line]:
    """Running text broken into lines."""
    lines: list[Line] = []
    line = ""
    for word in text.split():
        if len(line) + len(word) > letters:
            lines.append((left, top + 12.0 * len(lines), line))
            line = ""
        line = f"{line} {word}".strip()
    return [*lines, (left, top + 12.0 * len(lines), line)]


Described = str | tuple[str, str] | Mapping[str, object] | list[object] | SchemaField
"""A field of a test's schema: its type; type and format; an object's fields; an array with its items."""


def schema(name: str = "", path: str = "", /, **fields: Described) -> SchemaField:
    """An object with such fields."""
    return SchemaField(
        name,
        path,
        "object",
        properties=tuple(_field(key, _below(path, key), one) for key, one in fields.items()),
    )


def choice(*members: str) -> SchemaField:
    """A field that is one of such texts; its name is that of its place."""
    return SchemaField("", "", "string", enum=members)


def _field(name: str, path: str, one: Described) -> SchemaField:
    if isinstance(one, SchemaField):
        return SchemaField(
            name, path, one.type, one.title, one.description, one.format, one.pattern, one.enum
        )
    if isinstance(one, list):
        return SchemaField(name, path, "array", items=_field(name, f"{path}[]", one[0]))
    if isinstance(one, Mapping):
        return schema(name, path, **one)
    if isinstance(one, tuple):
        return SchemaField(name, path, one[0], format=one[1])
    return SchemaField(name, path, one)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


DATE = ("string", "date")


def plain(node: Node | Extraction):
    """The values of an answer."""
    if isinstance(node, Extraction):
        return plain(node.root)
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, tuple):
        return [plain(one) for one in node]
    return {name: plain(one) for name, one in node.items()}


def leaves(node: Node | Extraction) -> list[Leaf]:
    """All leaves of an answer."""
    if isinstance(node, Extraction):
        return leaves(node.root)
    if isinstance(node, Leaf):
        return [node]
    return [leaf for one in (node if isinstance(node, tuple) else node.values()) for leaf in leaves(one)]
