"""Running text of contracts in, candidates out for what contracts define in sentences.

The date an agreement takes effect, the law that governs it and how long it lasts have no label: they stand in turns
of phrase that contracts share. Reads only documents that call themselves an agreement or a contract. Whose agreement
it is says parties.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from recto.results.extract.evidence import Candidate, Evidence, ids
from recto.results.extract.labels import Wanted
from recto.results.extract.passages import DocumentText, Passage
from recto.results.extract.readers import readings

FIRST_PAGES = 2
"""Pages on which an agreement says what it is and from when."""
MANY_LETTERS, PARAGRAPH_LETTERS = 60, 120
"""Letters of a passage that is running text, and of one that can be no heading."""
NAMED_DATE, AS_OF, LETTER_DATE, SIGNED_DATE = 0.95, 0.88, 0.7, 0.6
"""How sure a date is that is called the effective date; of which the agreement is made; that heads a letter; that
stands by the signatures."""
OF_ANOTHER = 0.5
"""What is left when the sentence speaks of another agreement."""
OF_DUTIES = 0.06
"""How much less sure a duration is of duties that outlive the agreement."""
NOTICE_LETTERS = 25
"""A period this near to the word notice, in letters, is one of notice."""
GOVERNING_LAW = 0.92
TERM_CLAUSE, TERM_SENTENCE = 0.85, 0.72
"""How sure a duration is in a clause headed as the term, and in a sentence on the agreement's end."""

_AGREEMENT = re.compile(r"\b(?:agreement|contract|covenant|lease|undertaking|nda)\b", re.IGNORECASE)
_AS_OF = re.compile(
    r"\b(?:(?:made|entered|executed|dated|effective|agreed|delivered)\b[^.;]{0,60}?\b(?:as of|on|of|dated|this)\b"
    r"|as of|dated(?: as of)?|effective(?: date)?(?: is)?(?: on)?:?)\s*(?:the|this)?\s*$",
    re.IGNORECASE,
)
_CALLED_EFFECTIVE = re.compile(r"^[\s,]*\(?[^)]{0,30}[“\"]\s?(?:effective|commencement) date", re.IGNORECASE)
_EFFECTIVE = re.compile(r"\beffective\b[^.;]{0,40}$", re.IGNORECASE)
_CERTAIN = re.compile(
    r"\b(?:that certain|pursuant to|prior|previous|amended?|offer letter|merger|plan)\b[^.;]*$", re.IGNORECASE
)
_LAW = re.compile(
    r"\b(?:governed|construed|interpreted|enforced|subject)\b[^.;]{0,160}?\blaws?\b\s*(?:,[^,]{0,40},)?\s*(?:of|in)\s+(?:the\s+)?"
    r"(?:(?:State|Commonwealth|Province|Republic|Kingdom|Federal Republic)\s+of\s+(?:the\s+)?)?"
    r"(?P<place>[A-Z][\w’'-]+(?:\s+(?:(?:of|and|the)\s+)?[A-Z][\w’'-]+){0,3})"
)
_NO_PLACE = re.compile(r"^(?:State|Agreement|Company|Without|Any|This|Such)\b")
_LASTS = re.compile(
    r"\b(?:this agreement|this nda|the agreement|term of this|obligations|confidentiality"
    r"|(?:confidential|proprietary) information|restrictions|provisions)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\b(?:terminat\w+|expir\w+|remain\w*|continu\w+|in (?:full )?(?:force|effect)|surviv\w+|term|period|binding"
    r"|cease\w*)\b",
    re.IGNORECASE,
)
_OTHER_PERIOD = re.compile(
    r"\b(?:solicit\w*|hire|employ\w*|severance|compet\w+|standstill|salary|acquire|benefits?|vest\w*|payments?)\b",
    re.IGNORECASE,
)
_DUTIES = re.compile(r"\b(?:obligations?|surviv\w+|confidentiality|duty|duties)\b", re.IGNORECASE)
_TERM_HEAD = re.compile(
    r"^\W*(?:\d+[.)]?\s*)?(?:term|duration|termination|survival|expiration)\b", re.IGNORECASE
)
_ANNIVERSARY = re.compile(
    r"\b(?P<nth>first|second|third|fourth|fifth|sixth|seventh|eighth|tenth) anniversary\b", re.IGNORECASE
)
_NTH = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "tenth": 10,
}


def defined(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Candidates from the sentences of agreements."""
    finder = _finder(wanted)
    if finder is None:
        return []
    return [
        one for text in evidence.documents if is_agreement(text) for one in finder(evidence, text, wanted)
    ]


def _finder(wanted: Wanted) -> Callable[[Evidence, DocumentText, Wanted], Iterator[Candidate]] | None:
    words = set(wanted.words)
    if wanted.context or wanted.field.type not in ("string", "any"):
        return None
    if wanted.kind in ("date", "datetime") and words & {
        "effective",
        "agreement",
        "contract",
        "execution",
        "commencement",
    }:
        return _effective_dates if wanted.part < 0 else None
    if "jurisdiction" in words or ("law" in words and len(words) > 1):
        return _laws
    if words <= {
        "term",
        "duration",
        "contract",
        "agreement",
        "length",
        "initial",
        "of",
        "period",
    } and words & {"term", "duration"}:
        return _terms
    return None


def is_agreement(text: DocumentText) -> bool:
    """Whether a document calls itself an agreement on its first page, and has running text."""
    first = [one for one in text.passages if one.page == text.pages[0].number] if text.pages else []
    return any(_AGREEMENT.search(one.text) for one in first) and any(is_prose(one) for one in text.passages)


def is_prose(passage: Passage) -> bool:
    """Whether a passage is running text."""
    return len(passage.text) >= MANY_LETTERS and passage.text.count(" ") >= MANY_LETTERS // 8


def _effective_dates(evidence: Evidence, text: DocumentText, wanted: Wanted) -> Iterator[Candidate]:
    first = text.pages[0].number
    seen_prose = False
    for passage in text.passages:
        for one in readings(wanted.kind, passage.text, wanted.field, day_first=evidence.day_first):
            before, after = passage.text[: one.start], passage.text[one.end :]
            score = _date_score(passage, before, after, first, seen_prose=seen_prose)
            if score:
                yield _found(
                    wanted, passage, one.start, one.end, one.value, score, "is the date of the agreement"
                )
        paragraph = is_prose(passage) and len(passage.text) >= PARAGRAPH_LETTERS
        seen_prose = seen_prose or (paragraph and passage.page == first)


def _date_score(passage: Passage, before: str, after: str, first: int, *, seen_prose: bool) -> float:
    early = passage.page < first + FIRST_PAGES
    sentence = re.split(r"[.;]\s", before)[-1]
    if _CALLED_EFFECTIVE.match(after):
        return NAMED_DATE
    if early and (_AS_OF.search(before[-90:]) or _EFFECTIVE.search(before[-60:])):
        return AS_OF * (OF_ANOTHER if _CERTAIN.search(sentence) else 1.0)
    if (
        not seen_prose
        and passage.page == first
        and len(passage.text) - len(before) - len(after) >= 0.6 * len(passage.text)
    ):
        return LETTER_DATE
    if (
        _AS_OF.search(before[-90:])
        and not _CERTAIN.search(sentence)
        and re.search(r"executed|entered into", sentence, re.IGNORECASE)
    ):
        return SIGNED_DATE + 0.05
    if passage.page > first and re.search(r"\bdated?\b\s*[:.]?\s*$", before[-12:], re.IGNORECASE):
        return SIGNED_DATE
    return 0.0


def _laws(_: Evidence, text: DocumentText, wanted: Wanted) -> Iterator[Candidate]:
    for passage in text.passages:
        for match in _LAW.finditer(passage.text):
            start = match.start("place")
            place = match["place"]
            if not _NO_PLACE.match(place):
                yield _found(
                    wanted, passage, start, start + len(place), place, GOVERNING_LAW, "is the governing law"
                )


def _terms(evidence: Evidence, text: DocumentText, wanted: Wanted) -> Iterator[Candidate]:
    for passage in text.passages:
        headed = _TERM_HEAD.match(passage.text) is not None
        for start, end, value, derived in _durations(passage, wanted, day_first=evidence.day_first):
            sentence = sentence_at(passage.text, start)
            about = _LASTS.search(sentence) and _ENDS.search(sentence)
            beside = passage.text[max(0, start - NOTICE_LETTERS) : end + NOTICE_LETTERS]
            if not about or _OTHER_PERIOD.search(sentence) or "notice" in beside:
                continue
            score = TERM_CLAUSE if headed else TERM_SENTENCE
            score -= OF_DUTIES if _DUTIES.search(sentence) else 0.0
            yield _found(
                wanted, passage, start, end, value, score, "is how long the agreement lasts", derived=derived
            )


def _durations(passage: Passage, wanted: Wanted, *, day_first: bool) -> Iterator[tuple[int, int, str, bool]]:
    for one in readings("duration", passage.text, wanted.field, day_first=day_first):
        if re.search(r"year|month", str(one.value)):
            yield one.start, one.end, str(one.value), False
    for match in _ANNIVERSARY.finditer(passage.text):
        count = _NTH[match["nth"].lower()]
        yield match.start(), match.end(), f"{count} year{'' if count == 1 else 's'}", True


def sentence_at(text: str, at: int) -> str:
    """The sentence around a letter.

    >>> sentence_at("It begins. It lasts two years. It ends.", 15)
    'It lasts two years.'
    """
    start = max((match.end() for match in _sentence_ends(text) if match.end() <= at), default=0)
    end = next((match.start() + 1 for match in _sentence_ends(text) if match.start() >= at), len(text))
    return text[start:end]


@lru_cache(maxsize=256)
def _sentence_ends(text: str) -> tuple[re.Match[str], ...]:
    return tuple(re.finditer(r"(?<=[a-z)\d])[.](?=\s+[A-Z(“])\s*", text))


def _found(
    wanted: Wanted,
    passage: Passage,
    start: int,
    end: int,
    value: object,
    score: float,
    reason: str,
    *,
    derived: bool = False,
) -> Candidate:
    source = passage.source(start, end)
    return Candidate(
        wanted,
        str(value),
        (source,) if source else (),
        score,
        reason,
        ids(passage.words_between(start, end)),
        derived=derived,
    )
