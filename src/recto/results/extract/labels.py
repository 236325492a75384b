"""Schema fields in, what a page may call them out; and how well a printed label says a field.

A field is wanted by its own words, its title, short descriptions and quoted words in them, and by what business
documents call the same thing (lexicon). A nested field is wanted by its own words and by those of its object. A
printed label is weighed word by word: words in common count for it, words that make another thing of it (sub, tax,
due) against it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from recto.document.schema import SchemaField
from recto.results.extract.kinds import Kind, kind_of
from recto.results.extract.lexicon import (
    GENERIC_WORDS,
    OWNERS,
    QUALIFIERS,
    RANGES,
    SPAN_WORDS,
    STOP_WORDS,
    known_words,
    phrase_groups,
    word_groups,
)
from recto.results.extract.names import name_words

OWN, QUOTED, DESCRIBED, SYNONYM, LATER_SYNONYM, SWAPPED = 1.0, 0.97, 0.85, 0.95, 0.8, 0.85
"""How surely a phrase means the field: its own name, words quoted in its description, a short description, another
name of the same thing (falling to the last of the list), its name with one word replaced."""
PLAIN_WEIGHT, GENERIC_WEIGHT, QUALIFIER_WEIGHT, STOP_WEIGHT = 1.0, 0.35, 1.2, 0.0
"""Weight of a word in a field's phrase, by what it says."""
EXTRA_COST, EXTRA_GENERIC, EXTRA_QUALIFIER = 0.45, 0.2, 1.0
"""Cost of a printed word that the phrase does not have."""
LONGEST_DESCRIPTION = 6
"""Words of a description that may be a label."""
FUZZY_LETTERS = 5
"""Shorter words are compared letter by letter only."""
LETTERS_PER_SLIP = 5
"""One wrong letter is allowed in so many."""
ENDS_OF_SPANS = frozenset(("from", "to", "until"))
"""Words of a phrase that its label must have too, little as they say elsewhere."""
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{2,40})[\"”'’]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that may name a field on the page, and how surely (0..1)."""

    words: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A scalar field with all it may be called. `part` is 0 or 1 where it is the first or second date of a span.

    `context` are the words of the object it stands in, empty at the top.
    """

    field: SchemaField
    kind: Kind
    phrases: tuple[Phrase, ...]
    spans: tuple[Phrase, ...] = ()
    part: int = -1
    context: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return self.field.path

    @property
    def words(self) -> tuple[str, ...]:
        """The field's own words."""
        return name_words(self.field.name)


def wanted(field: SchemaField, context: tuple[str, ...] = (), *, column: bool = False) -> Wanted:
    """What to look for, for one scalar field; `context` are the words of the object around it.

    In a `column` of a table a generic name may be what the table calls something else: the item's name its article.
    """
    words = _with_part(name_words(field.name))
    phrases: dict[tuple[str, ...], float] = {}
    for given, weight in ((words, OWN), (name_words(field.title), OWN), *_described(field.description)):
        _add(phrases, given, weight)
    for given in (words, name_words(field.title)):
        if given:
            _add_synonyms(phrases, given, column=column)
    if len(words) > 1 and words[0] in OWNERS:
        _add(phrases, words[1:], SWAPPED)
        _add_synonyms(phrases, words[1:], SWAPPED)
    if context and words:
        _add(phrases, (*context, *words), OWN)
        _add(phrases, (*words, *context), OWN)
        for group in phrase_groups().get(" ".join((*context, *words)), ()):
            _add_group(phrases, group, OWN)
    part, spans = _span(words)
    ordered = sorted(phrases.items(), key=lambda pair: -pair[1])
    kind = kind_of(field)
    return Wanted(field, kind, tuple(Phrase(*pair) for pair in ordered), spans, part, context)


def _with_part(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with from and to, which say little in a label, written as start and end."""
    for names, part in RANGES:
        words = tuple(("start", "end")[part] if word in names and len(words) > 1 else word for word in words)
    return words


def _described(description: str) -> Iterable[tuple[tuple[str, ...], float]]:
    for quoted in _QUOTED.findall(description):
        yield name_words(quoted), QUOTED
    words = name_words(description)
    if 0 < len(words) <= LONGEST_DESCRIPTION and not (GENERIC_WORDS | STOP_WORDS).issuperset(words):
        yield words, DESCRIBED


def _add(phrases: dict[tuple[str, ...], float], words: tuple[str, ...], weight: float) -> None:
    kept = tuple(dict.fromkeys(word for word in words if word not in STOP_WORDS)) or words
    if ENDS_OF_SPANS.intersection(words) and GENERIC_WORDS.issuperset(kept):
        kept = tuple(words)  # "to date" is no date
    if kept and phrases.get(kept, 0.0) < weight:
        phrases[kept] = weight


def _add_synonyms(
    phrases: dict[tuple[str, ...], float], words: tuple[str, ...], share: float = OWN, *, column: bool = False
) -> None:
    kept = tuple(word for word in words if word not in STOP_WORDS) or words
    names = {" ".join(words), " ".join(kept)}
    for name in names:
        for group in phrase_groups().get(name, ()):
            if name in GENERIC_WORDS and group[0] != name and not column:
                continue
            if group[0] == "date" and name != "date":
                continue  # any date may be the document's, but that one is not any other
            _add_group(phrases, group, SYNONYM * share)
    for at, word in enumerate(kept):
        for other in word_groups().get(word, ()):
            swapped = (*kept[:at], other, *kept[at + 1 :])
            _add(phrases, swapped, SWAPPED * share)


def _add_group(phrases: dict[tuple[str, ...], float], group: tuple[str, ...], weight: float) -> None:
    step = (weight - weight * LATER_SYNONYM) / max(len(group), 1)
    for at, phrase in enumerate(group):
        _add(phrases, name_words(phrase), weight - at * step)


def _span(words: Sequence[str]) -> tuple[int, tuple[Phrase, ...]]:
    """Whether the words ask for one end of a span of dates, and what the span may be called."""
    for names, part in RANGES:
        marks = [word for word in words if word in names]
        if not marks:
            continue
        rest = tuple(word for word in words if word not in names and word not in SPAN_WORDS - {"flight"})
        found: dict[tuple[str, ...], float] = {}
        for noun, weight in (("date", 1.0), ("period", 0.95), ("range", 0.9)):
            _add(found, (*rest, noun), weight if rest else weight * 0.8)
        for at, word in enumerate(rest):
            for other in word_groups().get(word, ()):
                _add(found, (*rest[:at], other, *rest[at + 1 :], "date"), SWAPPED)
                _add(found, (*rest[:at], other, *rest[at + 1 :], *rest[at:]), SWAPPED)
        if rest:
            _add(found, rest, 0.8)
        return part, tuple(Phrase(*pair) for pair in found.items())
    return -1, ()


@lru_cache(maxsize=65536)
def weight_of(word: str) -> float:
    """What a word of a field's phrase weighs."""
    if word in STOP_WORDS:
        return STOP_WEIGHT
    if word in QUALIFIERS:
        return QUALIFIER_WEIGHT
    return GENERIC_WEIGHT if word in GENERIC_WORDS else PLAIN_WEIGHT


@lru_cache(maxsize=65536)
def cost_of(word: str) -> float:
    """What a printed word costs that a phrase does not have."""
    if word in STOP_WORDS or word.isdigit() or len(word) == 1:
        return 0.0
    if word in QUALIFIERS:
        return EXTRA_QUALIFIER
    return EXTRA_GENERIC if word in GENERIC_WORDS else EXTRA_COST


def likeness(phrase: Sequence[str], printed: Sequence[str], same: "SameWords") -> float:
    """How well printed words say a phrase, 0..1: words in common over all that count.

    >>> likeness(("total",), ("grand", "total"), SameWords()) > likeness(("total",), ("sub", "total"), SameWords())
    True
    """
    left = list(printed)
    common = whole = 0.0
    for word in phrase:
        weight = weight_of(word)
        whole += weight
        match = next((other for other in left if same.are(word, other)), None)
        if match is not None:
            left.remove(match)
            common += weight
    if not whole:
        return 1.0 if list(phrase) == list(printed) else 0.0
    if not common:
        return 0.0
    return common / (whole + sum(cost_of(word) for word in left))


class SameWords:
    """Which words of schemas and pages are the same word, misreadings and close forms included."""

    def __init__(self, asked: Iterable[str] = (), printed: Iterable[str] = ()) -> None:
        self._pairs: dict[str, frozenset[str]] = {}
        words = sorted({word for word in asked if len(word) >= FUZZY_LETTERS and word.isalpha()})
        others = sorted({word for word in printed if len(word) >= FUZZY_LETTERS - 1 and not word.isdigit()})
        if not words or not others:
            return
        slips = max(1, max(map(len, words)) // LETTERS_PER_SLIP)
        table = process.cdist(words, others, scorer=Levenshtein.distance, score_cutoff=slips, workers=1)
        for at, word in enumerate(words):
            allowed = len(word) // LETTERS_PER_SLIP
            row = table[at]
            close = [others[place] for place in (row <= allowed).nonzero()[0]]
            self._pairs[word] = frozenset(
                other for other in close if other not in known_words() or other == word
            )

    def are(self, word: str, other: str) -> bool:
        """Whether a word of the schema and one of the page are the same."""
        return word == other or other in self._pairs.get(word, ())

    def of(self, word: str) -> frozenset[str]:
        """The words of the page that are this word of the schema."""
        return self._pairs.get(word, frozenset()) | {word}
