"""Candidates of all fields in, one candidate for each field at most out.

Best fits first: a place on the page that serves one field serves another only when nothing else does and the fit is
as good. Equal values found in several places support each other. What fits too badly is no answer: a missing value
is better than an invented one.
"""

from collections.abc import Iterable, Mapping, Sequence

from recto.document.extraction import Scalar
from recto.results.extract.dates import folded
from recto.results.extract.evidence import Candidate

LEAST_SCORE = 0.5
"""Candidates below this are no answer."""
AGREEMENT = 0.85
"""Each further place that says the same value leaves this share of the doubt."""
MOST_VOICES = 4
"""More places than this add nothing."""
SHARED_LABEL = 0.8
"""What is left of a fit when the label says another field better."""
SHARED_WORDS = 0.75
"""What is left of a fit when the words serve another field."""


def assigned(candidates: Mapping[str, Sequence[Candidate]]) -> dict[str, Candidate]:
    """The chosen candidate of each field, by path; fields without a good one are left out."""
    every = [one for found in candidates.values() for one in supported(found)]
    best_for_label = _best_by_label(every)
    every = [_with_rival(one, best_for_label) for one in every]
    every.sort(key=lambda one: -one.score)
    last = {one.wanted.path: at for at, one in enumerate(every)}
    chosen: dict[str, Candidate] = {}
    taken: dict[int, Candidate] = {}
    for at, one in enumerate(every):
        path = one.wanted.path
        if path in chosen or one.score < LEAST_SCORE:
            continue
        rival = next((taken[word] for word in one.words if word in taken), None)
        if rival is None or _may_share(one, rival):
            chosen[path] = one
            taken.update({word: one for word in one.words if word not in taken})
        elif at == last[path] and one.score * SHARED_WORDS >= LEAST_SCORE:
            chosen[path] = _weaker(one, SHARED_WORDS)
    return chosen


def supported(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates of one field, those whose value is found more than once strengthened."""
    places: dict[str, set[frozenset[int]]] = {}
    for one in candidates:
        places.setdefault(_same(one.value), set()).add(one.words)
    found: list[Candidate] = []
    for one in candidates:
        voices = min(len(places[_same(one.value)]), MOST_VOICES)
        found.append(_scored(one, 1 - (1 - min(one.score, 1.0)) * AGREEMENT ** (voices - 1)))
    return found


def _same(value: Scalar) -> str:
    return folded(str(value)).replace(" ", "")


def _best_by_label(candidates: Iterable[Candidate]) -> dict[tuple[int, ...], Candidate]:
    best: dict[tuple[int, ...], Candidate] = {}
    for one in candidates:
        if one.label and (one.label not in best or one.score > best[one.label].score):
            best[one.label] = one
    return best


def _with_rival(one: Candidate, best: Mapping[tuple[int, ...], Candidate]) -> Candidate:
    rival = best.get(one.label) if one.label else None
    if rival is None or rival.wanted.path == one.wanted.path or _may_share(one, rival):
        return one
    return _weaker(one, SHARED_LABEL) if one.score < rival.score else one


def _may_share(one: Candidate, other: Candidate) -> bool:
    """Whether two fields may have the same words: of another kind, or two names of one thing."""
    if one.wanted.part >= 0 or one.wanted.kind != other.wanted.kind:
        return True
    mine = {phrase.words for phrase in one.wanted.phrases if phrase.weight > SHARED_LABEL}
    return any(phrase.words in mine for phrase in other.wanted.phrases if phrase.weight > SHARED_LABEL)


def _scored(one: Candidate, score: float) -> Candidate:
    return Candidate(one.wanted, one.value, one.sources, score, one.reason, one.words, one.label, one.derived)


def _weaker(one: Candidate, by: float) -> Candidate:
    return _scored(one, one.score * by)
