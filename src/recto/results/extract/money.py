"""The currency of a document, where no label names it: the one its amounts are in."""

from collections import Counter

from recto.document.extraction import Source
from recto.results.extract.amounts import amounts_in
from recto.results.extract.evidence import Candidate, Evidence
from recto.results.extract.labels import Wanted
from recto.results.extract.readers import typed

OF_AMOUNTS = 0.78
"""How sure the currency is that most amounts are printed with."""
LEAST_SHARE = 0.6
"""Share of the amounts with a currency that are in it."""


def currencies(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """The currency of most amounts, for a field that asks for it."""
    if wanted.kind not in ("currency", "choice") or "currency" not in wanted.words:
        return []
    counts: Counter[str] = Counter()
    first: dict[str, Source] = {}
    for phrase in evidence.phrases:
        for one in amounts_in(phrase.text):
            if not one.currency:
                continue
            counts[one.currency] += 1
            source = phrase.source(one.start, one.end)
            if source is not None:
                first.setdefault(one.currency, source)
    if not counts:
        return []
    code, count = counts.most_common(1)[0]
    if count < LEAST_SHARE * counts.total() or typed(code, wanted.field) is None:
        return []
    reason = "is the currency of the amounts"
    return [Candidate(wanted, code, (first[code],), OF_AMOUNTS, reason, derived=True)]
