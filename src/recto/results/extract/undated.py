"""The document's own date, where no label names it: on receipts and letters a date stands alone near the top."""

import re
from collections import Counter

from recto.results.extract.evidence import Candidate, Evidence, ids, tokens_of
from recto.results.extract.labels import Wanted
from recto.results.extract.lexicon import QUALIFIERS
from recto.results.extract.passages import Passage
from recto.results.extract.readers import readings

ALONE = 0.66
"""How sure a date is that stands on the first page without a label."""
SAID_AGAIN = 0.06
"""More for each time the same date is said again, twice at most."""
PLAIN_NAMES = frozenset(
    ("date", "document", "receipt", "transaction", "letter", "invoice", "bill", "purchase")
)
"""Fields of these words only ask for the document's own date."""
PAGES = 2
LONE_SPAN = 0.58
"""How sure a date is that begins or ends the only span of dates, without a label."""
SPAN_NAMES = frozenset(
    ("start", "end", "from", "to", "begin", "until", "date", "period", "service", "billing")
)
"""Fields of these words only ask for the span the document is about."""

_SPAN_SIGN = re.compile(
    r"(?:st|nd|rd|th|er|\.)?\s*(?:-|–|—|to|au|bis|tot|until|through|al)\s*", re.IGNORECASE
)


def own_dates(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Dates that stand alone, for fields that ask for no special date."""
    if wanted.kind not in ("date", "datetime") or wanted.context or "date" not in wanted.words:
        return []
    if not PLAIN_NAMES.issuperset(wanted.words) or wanted.part >= 0:
        return []
    found: list[tuple[Passage, int, int, str]] = []
    for text in evidence.documents:
        for page in text.pages[:PAGES]:
            for phrase in page.phrases:
                read = readings(wanted.kind, phrase.text, wanted.field, day_first=evidence.day_first)
                found.extend((phrase, one.start, one.end, str(one.value)) for one in read)
    times = Counter(value for *_, value in found)
    return [
        _candidate(wanted, phrase, start, end, value, times[value])
        for phrase, start, end, value in found[:1]
        + [one for one in found[1:] if times[one[3]] > times[found[0][3]]]
        if not _of_another_kind(phrase, start)
    ]


def lone_spans(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """The first span of dates of the documents, for fields that ask for the start or end of it and of nothing else."""
    if wanted.part < 0 or wanted.context or not SPAN_NAMES.issuperset(wanted.words):
        return []
    for phrase in evidence.phrases:
        found = readings(wanted.kind, phrase.text, wanted.field, day_first=evidence.day_first)
        if len(found) == 2 and _SPAN_SIGN.fullmatch(phrase.text[found[0].end : found[1].start]):  # noqa: PLR2004
            one = found[wanted.part]
            source = phrase.source(one.start, one.end)
            reason = "is the {} of a span of dates".format("end" if wanted.part else "start")
            words = ids(phrase.words_between(one.start, one.end))
            return [Candidate(wanted, one.value, (source,) if source else (), LONE_SPAN, reason, words)]
    return []


def _of_another_kind(phrase: Passage, start: int) -> bool:
    before = [token.word for token in tokens_of(phrase) if token.end <= start]
    return any(word in QUALIFIERS for word in before[-3:])


def _candidate(wanted: Wanted, phrase: Passage, start: int, end: int, value: str, times: int) -> Candidate:
    source = phrase.source(start, end)
    score = ALONE + SAID_AGAIN * min(times - 1, 2)
    return Candidate(
        wanted,
        value,
        (source,) if source else (),
        score,
        "is a date that stands alone on the first page",
        ids(phrase.words_between(start, end)),
    )
