"""What an extraction reads and what it finds, before it is put on the wire. Pure values.

A `ReadDocument` is a parse as kept for later steps: its blocks for good, and every word of every page. Engines
(`results.extract`) turn documents and a schema into a tree of `Leaf`s; `wire.extract` prints the tree. Boxes are in
points as `document.geometry` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from recto.document.block import Block
from recto.document.geometry import Box
from recto.document.page import Word
from recto.document.result import PageInfo

Scalar = str | int | float | bool | None

Verification = Literal["verified", "derived", "unverified"]
"""How a value stands to the words it cites: they say it (normalised), it follows from them (a sum, a count, a mark,
parts joined), or nothing on the page was found to say it."""

EngineName = Literal["rules", "model"]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """One parsed document. `words` are by page number (from 1, in the source document), in reading order, without
    hidden ones; `blocks` are in reading order and their tables carry their cells.
    """

    pages: tuple[PageInfo, ...]
    blocks: tuple[Block, ...]
    words: Mapping[int, tuple[Word, ...]]


@dataclass(frozen=True, slots=True)
class Source:
    """One place that says a value: `document` counts from 0 among the inputs, `box` is around the words of `text`
    on `page`; `block` is the block they stand in. `confidence` (0..1) is how surely these words were read.
    """

    document: int
    page: int
    box: Box
    text: str
    block: Block | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the answer, in the schema's type; None where nothing was found. `confidence` (0..1) is how surely
    this is the value asked for; `reason` says in words where it is from.
    """

    value: Scalar
    sources: tuple[Source, ...] = ()
    verification: Verification = "unverified"
    confidence: float = 0.0
    reason: str = ""


Node = Leaf | Mapping[str, "Node"] | tuple["Node", ...]
"""A leaf, an object or an array of the answer."""


@dataclass(frozen=True, slots=True)
class RowLedger:
    """Account of one array: rows seen in the documents, rows returned, and why each other one was left out."""

    path: str
    seen: int
    returned: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model was asked: calls made, tokens counted by the endpoint (`counted` False: estimated), and their
    price in the operator's currency, None where he names none.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    price: float | None = None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """How sure an engine that checked its own answer is of the whole, and why."""

    confidence: Literal["high", "low"]
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """An engine's answer: the tree in the form of the schema, and what the user should know. `model` names the
    model that was asked.
    """

    root: Node
    engine: EngineName = "rules"
    ledgers: tuple[RowLedger, ...] = ()
    warnings: tuple[str, ...] = ()
    cost: Cost = Cost()
    model: str = ""
    judgement: Judgement | None = None
