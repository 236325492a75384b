"""The evidence and wanted fields in, the labels that are printed for them out.

A label is a run of words of one phrase that says a field (labels says how well). It reaches from the last value or
colon before it to where its own words, and those that labels go on with, end. Running text has no labels but those
before a colon. Never looks for the value; see candidates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from recto.results.extract.evidence import Evidence, tokens_of
from recto.results.extract.kinds import Kind
from recto.results.extract.labels import ENDS_OF_SPANS, Phrase, Wanted, likeness
from recto.results.extract.lexicon import GENERIC_WORDS, LABEL_NOUNS, QUALIFIERS, STOP_WORDS
from recto.results.extract.names import Token
from recto.results.extract.passages import Passage

LEAST_LIKENESS = 0.55
"""Labels less like the field than this are none of its."""
LONGEST_LABEL = 9
"""Words of a label, at most."""
PROSE_LETTERS, PROSE_WORDS = 200, 6
"""Letters of a block and words of its line from which it is running text."""
LEADING = 1.25
"""Distance of lines in running text, in font sizes."""
FREE_KINDS: frozenset[Kind] = frozenset(("text", "name", "address"))
"""Kinds that any text may be: the place must speak for them."""
SHARE_OF_LABEL_WORDS = 0.6
"""A phrase with this share of words that labels are made of is a label itself."""
_AFTER = re.compile(r"\s*(?:\((?![^)]*\d)[^)]*\))?[\s:：.#=|*/\\\])-]*")
_ENDS_AS_LABEL = re.compile(r"[:：]\s*$|^\(?\d{1,2}[.)]\s?[A-Z]|^\([A-Z]\)[.:]?\s?[A-Z]")
_IN_IDENTIFIER = re.compile(r"@\w|[-/_](?=[\w/_-]*\d)[\w]")
"""What follows a word that is the beginning of an identifier and no label: PO-4711, accounts@."""
_FORMS_OF_VALUES = frozenset(
    ("number", "registration", "code", "id", "date", "amount", "phone", "fax", "email")
)
_TAXES = frozenset(("gst", "vat", "tax", "btw", "tva", "sst", "mwst"))


@dataclass(frozen=True, slots=True)
class Label:
    """A printed label: tokens first..last of a phrase, how well it says the field, and the letter where it ends."""

    phrase: Passage
    first: int
    last: int
    fit: float
    end: int
    colon: bool

    @property
    def place(self) -> tuple[int, ...]:
        one = self.phrase
        return (one.document, one.page, one.place, self.first)


def labels_of(evidence: Evidence, wanted: Wanted, phrases: Sequence[Phrase]) -> list[Label]:
    """The printed labels that say a field by one of the phrases, each place once with its best fit."""
    best: dict[tuple[int, int, int], Label] = {}
    for phrase in phrases:
        anchor = _anchor(phrase, evidence)
        for word in evidence.same.of(anchor):
            for passage, at in evidence.index.get(word, ()):
                label = _label_at(evidence, passage, at, phrase, wanted.kind)
                if label is None:
                    continue
                key = (id(passage), label.first, label.last)
                if key not in best or label.fit > best[key].fit:
                    best[key] = label
    return list(best.values())


def _anchor(phrase: Phrase, evidence: Evidence) -> str:
    """The word of a phrase to look up: the rarest that is not generic."""
    own = [word for word in phrase.words if word not in GENERIC_WORDS and word not in STOP_WORDS]
    return min(own or phrase.words, key=lambda word: len(evidence.index.get(word, ())) or 1)


def _label_at(evidence: Evidence, passage: Passage, at: int, phrase: Phrase, kind: Kind) -> Label | None:
    tokens = tokens_of(passage)
    first, last = _reach(passage.text, tokens, at, phrase, evidence)
    if last - first >= LONGEST_LABEL:
        return None
    printed = [token.word for token in tokens[first : last + 1]]
    fit = phrase.weight * likeness(phrase.words, printed, evidence.same)
    if fit < LEAST_LIKENESS or _names_another(phrase, printed, kind):
        return None
    end = tokens[last].end
    if _IN_IDENTIFIER.match(passage.text, end):
        return None
    if STOP_WORDS.issuperset(phrase.words) and not _colon_at(passage.text, end):
        return None
    if first > 0 and passage.text[tokens[first].start].islower() and not _colon_at(passage.text, end):
        return None
    after = _AFTER.match(passage.text, end)
    stop = after.end() if after else end
    between = passage.text[end:stop]
    return Label(passage, first, last, fit, stop, ":" in between or "：" in between)


def _colon_at(text: str, end: int) -> bool:
    return text[end : end + 2].lstrip()[:1] in (":", "：")


def _names_another(phrase: Phrase, printed: Sequence[str], kind: Kind) -> bool:
    """Whether a label asks for a value of another form: a company's number is not the company, a tax no
    total, a title no name, the end of a span not its start.
    """
    others = set(printed) - set(phrase.words)
    if not ENDS_OF_SPANS.intersection(phrase.words) <= set(printed):
        return True
    if kind == "name" and "title" in printed and "name" not in printed:
        return True
    if kind in FREE_KINDS and others & _FORMS_OF_VALUES:
        return True
    telling = [word for word in printed if word not in STOP_WORDS]
    return (
        bool(telling) and telling[0] in _TAXES and not _TAXES & {phrase.words[0]} and "total" in telling[1:]
    )


def _reach(
    text: str, tokens: Sequence[Token], at: int, phrase: Phrase, evidence: Evidence
) -> tuple[int, int]:
    """The tokens of the label around one of its words."""
    first = last = at
    while first > 0 and not _parts(text, tokens[first - 1], tokens[first]):
        listed = "," in text[tokens[first - 1].end : tokens[first].start] and _colon_at(text, tokens[at].end)
        if listed or _is_value(tokens[first - 1]):
            break
        first -= 1
    colon = _colon_after(text, tokens, at)
    while last + 1 < len(tokens) and not _parts(text, tokens[last], tokens[last + 1]):
        word = tokens[last + 1].word
        if _is_value(tokens[last + 1]) or _IN_IDENTIFIER.match(text, tokens[last + 1].end):
            break
        mine = any(evidence.same.are(own, word) for own in phrase.words)
        if (
            not mine
            and word not in GENERIC_WORDS | STOP_WORDS | LABEL_NOUNS | QUALIFIERS
            and last + 1 > colon
        ):
            break
        last += 1
    while last > at and tokens[last].word in STOP_WORDS and last > colon:
        last -= 1
    return first, last


def _colon_after(text: str, tokens: Sequence[Token], at: int) -> int:
    """The last token before the next colon when only words stand before it, else the token itself."""
    for place in range(at, min(len(tokens), at + LONGEST_LABEL)):
        if place > at and _is_value(tokens[place]):
            return at
        rest = text[tokens[place].end : tokens[place].end + 2].lstrip()
        if rest[:1] in (":", "："):
            return place
    return at


def _parts(text: str, before: Token, after: Token) -> bool:
    between = text[before.end : after.start]
    return ":" in between or "：" in between or (". " in between and before.end - before.start > 3)  # noqa: PLR2004


def _is_value(token: Token) -> bool:
    return any(letter.isdigit() for letter in token.word) and len(token.word) > 1


def in_prose(phrase: Passage) -> bool:
    """Whether a phrase is a line of running text, where words name things without being labels."""
    block = phrase.block
    if block is None or block.type not in ("Text", "List Item") or len(block.text) < PROSE_LETTERS:
        return False
    if len(block.text.split("\n", 1)[0]) < PROSE_LETTERS:
        return False
    lines = max(1.0, block.box.height / (LEADING * phrase.size))
    return len(phrase.words) >= PROSE_WORDS or len(block.text.split()) >= PROSE_WORDS * lines


def is_label(evidence: Evidence, phrase: Passage) -> bool:
    """Whether a phrase is a label itself: it ends in a colon, or is made of words that labels have."""
    if _ENDS_AS_LABEL.search(phrase.text):
        return True
    if phrase.text.startswith("#"):
        return False
    tokens = tokens_of(phrase)
    if not tokens or any(_is_value(token) for token in tokens) or len(tokens) > LONGEST_LABEL:
        return False
    telling = [token.word for token in tokens if token.word not in STOP_WORDS]
    known = sum(word in evidence.label_words for word in telling)
    return bool(telling) and known >= SHARE_OF_LABEL_WORDS * len(telling)
