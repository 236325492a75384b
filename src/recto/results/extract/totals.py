"""Candidates for what is to be paid in, the same weighed by what the document reckons.

A receipt says its total several times, before and after rounding, with and without tax, and once more in a summary of
taxes. What was tendered less the change, and the sum before rounding plus the rounding, tell which is meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from recto.results.extract.amounts import amounts_in
from recto.results.extract.evidence import Candidate, Evidence, ids, tokens_of
from recto.results.extract.labels import Wanted
from recto.results.extract.passages import Passage
from recto.results.extract.readers import typed

RECKONED = 0.5
"""What is left of the doubt when the document's own sums lead to the value."""
PAID = 0.6
"""How sure an amount is that equals what was tendered less the change, but has no label of a total."""
IN_SUMMARY = 0.6
"""What is left of a fit in a summary of taxes, or when another value was rounded to the final one."""
SUMMARY_ROWS = 8
"""Rows that a summary of taxes has below its head, at most."""
LATER = 0.03
"""What a fit gains from the top to the bottom of its page: totals end a document."""

_TOTAL_NAMES = frozenset(
    (
        "total",
        "amount",
        "grand",
        "due",
        "payable",
        "sum",
        "paid",
        "invoice",
        "receipt",
        "balance",
        "to",
        "pay",
    )
)
_TENDERED = frozenset(
    ("cash", "tendered", "tender", "paid", "credit", "visa", "mastercard", "card", "debit", "payment")
)
_CHANGE = frozenset(("change",))
_ROUNDING = frozenset(("rounding", "round", "rounded"))
_SUMMARIES = frozenset(("summary", "analysis"))
_TAXES = frozenset(("gst", "vat", "tax", "sst", "btw", "tva"))
CENT = 0.005


def is_total(wanted: Wanted) -> bool:
    """Whether a field asks for the final amount of a document."""
    words = set(wanted.words)
    return (
        wanted.kind == "amount"
        and not wanted.context
        and bool(words & {"total", "amount"})
        and words <= _TOTAL_NAMES
    )


def weighed(evidence: Evidence, wanted: Wanted, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Candidates for a total with the document's reckoning taken into account."""
    rows = [row for rows in evidence.rows.values() for row in rows]
    reckoned = _reckoned(rows)
    rounded_away = _rounded_away(rows)
    summary = _summary_words(evidence)
    heights = {
        (text.index, page.number): page.height for text in evidence.documents for page in text.read.pages
    }
    found: list[Candidate] = []
    for one in (*candidates, *_as_paid(evidence, wanted, reckoned)):
        value = one.value if isinstance(one.value, (int, float)) else None
        score = one.score
        if value is not None and any(abs(value - other) < CENT for other in reckoned):
            score = 1 - (1 - min(score, 1.0)) * RECKONED
        elif value is not None and any(abs(value - other) < CENT for other in rounded_away):
            score *= IN_SUMMARY
        if one.words & summary:
            score *= IN_SUMMARY
        found.append(replace(one, score=score + LATER * _depth(heights, one)))
    return found


def _as_paid(evidence: Evidence, wanted: Wanted, reckoned: set[float]) -> Iterable[Candidate]:
    """Amounts on the page that are what was tendered less the change."""
    for phrase in evidence.phrases if reckoned else ():
        for one in amounts_in(phrase.text):
            if one.decimals and any(abs(one.value - other) < CENT for other in reckoned):
                source = phrase.source(one.start, one.end)
                yield Candidate(
                    wanted,
                    typed(one.value, wanted.field),
                    (source,) if source else (),
                    PAID,
                    "is what was paid less the change",
                    ids(phrase.words_between(one.start, one.end)),
                )


def _depth(heights: Mapping[tuple[int, int], float], one: Candidate) -> float:
    if not one.sources:
        return 0.0
    source = one.sources[0]
    height = heights.get((source.document, source.page), 0.0)
    return source.box.y0 / height if height else 0.0


def _amounts_of(row: Sequence[Passage], words: frozenset[str]) -> list[float]:
    """The amounts of a row whose label has one of the words."""
    tokens = [token.word for phrase in row for token in tokens_of(phrase)]
    if words.isdisjoint(tokens[:4]):
        return []
    return [
        one.value for phrase in row for one in amounts_in(phrase.text) if one.decimals and not one.percent
    ]


def _reckoned(rows: Iterable[Sequence[Passage]]) -> set[float]:
    """What was tendered less the change, in the rows that follow each other."""
    found: set[float] = set()
    tendered: list[float] = []
    for row in rows:
        paid = _amounts_of(row, _TENDERED)
        change = _amounts_of(row, _CHANGE)
        if change:
            found |= {round(abs(one) - abs(change[-1]), 2) for one in tendered if abs(one) > abs(change[-1])}
        elif paid:
            tendered.append(paid[-1])
    return found


def _rounded_away(rows: Sequence[Sequence[Passage]]) -> set[float]:
    """Amounts that stand directly before a rounding that changes them."""
    found: set[float] = set()
    for at, row in enumerate(rows):
        rounding = [one for one in _amounts_of(row, _ROUNDING) if 0 < abs(one) < 0.1]  # noqa: PLR2004  (cents)
        if not rounding:
            continue
        before = [
            one.value
            for other in rows[max(0, at - 4) : at]
            for phrase in other
            for one in amounts_in(phrase.text)
        ]
        after = {
            one.value for other in rows[at : at + 4] for phrase in other for one in amounts_in(phrase.text)
        }
        found |= {
            one
            for one in before
            if any(abs(one + step * rounding[0] - other) < CENT for other in after for step in (1, -1))
        }
    return found


def _summary_words(evidence: Evidence) -> frozenset[int]:
    """The words of summaries of taxes."""
    found: set[int] = set()
    for rows in evidence.rows.values():
        for at, row in enumerate(rows):
            words = {token.word for phrase in row for token in tokens_of(phrase)}
            if words & _SUMMARIES and words & _TAXES:
                below = rows[at : at + SUMMARY_ROWS]
                found |= {id(word) for other in below for phrase in other for word in phrase.words}
    return frozenset(found)
