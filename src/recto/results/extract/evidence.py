"""The values that rules exchange while an extraction runs: candidates, and the documents they are found in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from recto.document.block import Block
from recto.document.extraction import ReadDocument, Scalar, Source
from recto.document.page import Word
from recto.results.extract.dates import day_first
from recto.results.extract.labels import SameWords, Wanted
from recto.results.extract.lexicon import phrase_groups
from recto.results.extract.names import Token, label_tokens, name_words
from recto.results.extract.passages import DocumentText, Passage, source_of

SIGN_PHRASES = 400
"""Phrases that are read to tell which country's dates a document has: its first pages."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a field may have: where it is said, how well everything fits (0..1), and why, in words.

    `words` are the words that say it, by identity, so that one place serves one field; `label` is the place of the
    label it was found by, empty without one.
    """

    wanted: Wanted
    value: Scalar
    sources: tuple[Source, ...]
    score: float
    reason: str
    words: frozenset[int] = frozenset()
    label: tuple[int, ...] = ()
    derived: bool = False


class Evidence:
    """All documents of one extraction, with the indexes that the rules share."""

    def __init__(self, documents: Sequence[ReadDocument], fields: Sequence[Wanted]) -> None:
        self.documents = tuple(DocumentText(at, read) for at, read in enumerate(documents))
        self.fields = tuple(fields)

    @cached_property
    def phrases(self) -> tuple[Passage, ...]:
        """The phrases of all pages."""
        return tuple(phrase for text in self.documents for page in text.pages for phrase in page.phrases)

    @cached_property
    def index(self) -> dict[str, list[tuple[Passage, int]]]:
        """Where each word in the common form stands: phrase and number of the token in it."""
        found: dict[str, list[tuple[Passage, int]]] = {}
        for phrase in self.phrases:
            for at, token in enumerate(label_tokens(phrase.text)):
                found.setdefault(token.word, []).append((phrase, at))
        return found

    @cached_property
    def same(self) -> SameWords:
        """Words of the schema and of the pages that are the same."""
        asked = {
            word for one in self.fields for phrase in (*one.phrases, *one.spans) for word in phrase.words
        }
        return SameWords(asked, self.index)

    @cached_property
    def day_first(self) -> bool:
        """Whether numbers like 03/04/2020 mean a day and a month in these documents."""
        return day_first(phrase.text for phrase in self.phrases[:SIGN_PHRASES])

    @cached_property
    def label_words(self) -> frozenset[str]:
        """Words that labels are made of: those of the lexicon and of the schema."""
        known = {word for phrase in phrase_groups() for word in name_words(phrase)}
        return frozenset(known | {word for one in self.fields for word in one.words})

    @cached_property
    def rows(self) -> dict[tuple[int, int], tuple[tuple[Passage, ...], ...]]:
        """The rows of each page, by document and page."""
        return {(text.index, page.number): page.rows for text in self.documents for page in text.pages}

    @cached_property
    def row_of(self) -> dict[int, int]:
        """The row each phrase stands in, by identity of the phrase."""
        return {
            id(phrase): at for rows in self.rows.values() for at, row in enumerate(rows) for phrase in row
        }


def tokens_of(phrase: Passage) -> tuple[Token, ...]:
    """The words of a phrase in the common form."""
    return label_tokens(phrase.text)


def words_source(words: Sequence[Word], passage: Passage, block: Block | None = None) -> Source | None:
    """Some words of a passage as a source."""
    return source_of(words, passage.document, passage.page, block or passage.block)


def ids(words: Sequence[Word]) -> frozenset[int]:
    """The identities of words, by which places are told apart."""
    return frozenset(id(word) for word in words)
