"""The words and lines a caller gets beside the result, each with its chunk, without holding them all at once.

Chunks and a way to load the texts come in; what goes out can be gone through as often as wanted and loads the
texts anew each time. A page has hundreds of words, a document up to ten thousand pages. It never reads files.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from recto.document.block import Block
from recto.document.result import Chunk, RecognisedText


@dataclass(frozen=True, slots=True)
class Placed:
    """Texts with the chunk whose block holds their middle; `load` gives them from the beginning, in order."""

    load: Callable[[], Iterable[RecognisedText]]
    chunks: Sequence[Chunk]

    def __iter__(self) -> Iterator[RecognisedText]:
        """Go through the texts, loading them as they are needed."""
        by_page: dict[int, list[tuple[Block, int]]] = {}
        for index, chunk in enumerate(self.chunks):
            for block in chunk.blocks:
                by_page.setdefault(block.page, []).append((block, index))
        for text in self.load():
            yield _placed(text, by_page.get(text.page, ()))


def _placed(text: RecognisedText, blocks: Iterable[tuple[Block, int]]) -> RecognisedText:
    for block, index in blocks:
        if block.box.holds_center_of(text.box):
            return dataclasses.replace(text, chunk_index=index)
    return text
