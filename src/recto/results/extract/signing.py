"""Pages in, candidates out for who signed, as what, and when a form was sworn or filed.

Below a signature stand a printed name and a title, on one line or two; some forms ask for both in one place. The
signature of a notary is none of these. Dates of filing without a label are those of the oath ("this 3rd day of ...").
"""

import re
from collections.abc import Iterator, Sequence

from recto.results.extract.dates import dates_in
from recto.results.extract.evidence import Candidate, Evidence, ids
from recto.results.extract.labels import Phrase, Wanted
from recto.results.extract.passages import DocumentText, Passage, joined
from recto.results.extract.printed import labels_of

LABELLED, BY_TITLE, NAME_ALONE, OATH = 0.85, 0.74, 0.56, 0.64
"""How sure a name or title is below a label that asks for both; with a title beside it; alone near a signature line;
and the date of an oath."""
SIGNED_ABOVE_PT = 60.0
"""A name may stand this far above the words that speak of signing, in points."""
LONGEST_NAME = 40
"""Letters of a person's name, at most."""
LINES_BELOW = 3
"""Lines below a label in which name and title stand."""

_NAME = re.compile(
    r"^(?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?[^\W\d_a-z][\w.'’-]*(?:\s+[^\W\d_a-z][\w.'’-]*){1,3}$|^[^\W\d_a-z][\w.'’-]*(?:\s+(?:de|van|von|der|la|bin|al)){1,2}\s+[^\W\d_a-z]\w+$"
)
TITLE_WORDS = re.compile(
    r"\b(?:director|president|vice[- ]president|chief|manager|officer|secretary|assistant|treasurer|chairman|chairwoman"
    r"|chair|attorney|counsel|partner|principal|agent|representative|delegate|minister|consul|ambassador|administrator|executive"
    r"|head|supervisor|coordinator|owner|member|ceo|cfo|coo|evp|svp|vp|general manager|controller|clerk"
    r"|commissioner|governor)\b",
    re.IGNORECASE,
)
_NOTARY = re.compile(r"\b(?:notary|sworn|commission|qualified in|county|public)\b", re.IGNORECASE)
_SIGN = re.compile(r"\(?signature\)?|/s/|\bsigned\b|\bundersigned\b|\bswear", re.IGNORECASE)
_PRINTED = re.compile(
    r"\b(?:department|state|united|form|report|registration|act|statement|office of|section|unit|international|date"
    r"|name)\b",
    re.IGNORECASE,
)
_OATH = re.compile(r"\bthis\b[^.]{0,12}$", re.IGNORECASE)
_NAME_AND_TITLE = (Phrase(("name", "title"), 1.0),)


def signers(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Names and titles by signatures, for fields that ask for them."""
    what = _asks(wanted)
    if not what:
        return []
    found: list[Candidate] = []
    for name, title, score in _pairs(evidence, wanted):
        part = name if what == "name" else title
        if part is not None:
            passage, start, end = part
            found.append(_candidate(wanted, passage, start, end, score, f"is the {what} by the signature"))
    return found


def oaths(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """The dates of oaths, for fields that ask when something was filed."""
    if wanted.kind != "date" or not {"file", "filed", "filing", "signature", "signed", "sworn"} & set(
        wanted.words
    ):
        return []
    found: list[Candidate] = []
    for rows in evidence.rows.values():
        for at, row in enumerate(rows):
            if not any(re.search(r"\b(?:this|day)\b", one.text, re.IGNORECASE) for one in row):
                continue
            for whole in (joined(row), joined([*row, *(rows[at + 1] if at + 1 < len(rows) else ())])):
                for one in dates_in(whole.text, day_first=evidence.day_first):
                    if _OATH.search(whole.text[: one.start]) and not re.search(
                        "expires", whole.text[: one.start]
                    ):
                        value = (
                            one.day.isoformat()
                            if wanted.field.format == "date"
                            else whole.text[one.start : one.end]
                        )
                        found.append(
                            _candidate(
                                wanted, whole, one.start, one.end, OATH, "is the date of the oath", value
                            )
                        )
    return found


def _asks(wanted: Wanted) -> str:
    words = set(wanted.words) | set(wanted.context)
    if wanted.field.type not in ("string", "any") or not words & {
        "signer",
        "signatory",
        "signed",
        "signee",
        "signing",
    }:
        return ""
    if words & {"title", "position", "capacity"}:
        return "title"
    return "name" if words & {"name", "signer", "signatory", "signed"} and "date" not in words else ""


Part = tuple[Passage, int, int]


def _pairs(evidence: Evidence, wanted: Wanted) -> Iterator[tuple[Part | None, Part | None, float]]:
    labelled = False
    for label in labels_of(evidence, wanted, _NAME_AND_TITLE):
        if not all(word in label.phrase.text.lower() for word in ("name", "title")):
            continue
        for lines in _around(evidence, label.phrase):
            pair = _split(lines)
            if pair is not None:
                labelled = True
                yield (*pair, LABELLED)
                break
    if labelled:
        return
    for text in evidence.documents:
        yield from _by_signatures(text)


def _around(evidence: Evidence, phrase: Passage) -> Iterator[list[Passage]]:
    """What may follow a label that asks for name and title: the lines below it, or those behind it."""
    rows = evidence.rows[phrase.document, phrase.page]
    at = evidence.row_of[id(phrase)]
    below: list[Passage] = []
    for row in rows[at + 1 : at + 1 + LINES_BELOW]:
        below.extend(
            one
            for one in row
            if phrase.box.x0 - 2 * phrase.size <= one.box.x0 <= phrase.box.x1 + 2 * phrase.size
        )
    yield below
    right = [one for one in rows[at] if one.box.x0 >= phrase.box.x1]
    yield [*right[:1], *below]


def _split(lines: Sequence[Passage]) -> tuple[Part | None, Part | None] | None:
    """Name and title of up to two lines: "Name, Title", "Name Title", or one below the other."""
    for at, line in enumerate(lines):
        text = line.text.strip()
        if _NOTARY.search(text):
            continue
        comma = text.find(",")
        if comma > 0 and _is_name(text[:comma]) and TITLE_WORDS.search(text[comma:]):
            start = len(text) - len(text[comma + 1 :].lstrip())
            return (line, 0, comma), (line, start, len(text))
        title = TITLE_WORDS.search(text)
        if title is not None and title.start() > 0 and _is_name(text[: title.start()].strip()):
            return (line, 0, len(text[: title.start()].rstrip())), (line, title.start(), len(text))
        if _is_name(text.rstrip(",")) and at + 1 < len(lines) and TITLE_WORDS.search(lines[at + 1].text):
            below = lines[at + 1]
            return (line, 0, len(text.rstrip(","))), (below, 0, len(below.text))
    return None


def _is_name(text: str) -> bool:
    return (
        bool(_NAME.match(text))
        and not TITLE_WORDS.search(text)
        and not _PRINTED.search(text)
        and len(text) < LONGEST_NAME
    )


def _by_signatures(text: DocumentText) -> Iterator[tuple[Part | None, Part | None, float]]:
    for page in text.pages:
        marks = [one.box.y0 for one in page.phrases if _SIGN.search(one.text)]
        if not marks:
            continue
        low = [one for one in page.phrases if one.box.y0 >= min(marks) - SIGNED_ABOVE_PT]
        columns = [one for one in low if len(one.text) <= 60]  # noqa: PLR2004  (letters: no running text)
        for at, line in enumerate(columns):
            if _by_notary(line, low):
                continue
            below = [
                one
                for one in columns[at + 1 : at + 8]
                if _stands_beside(line, one) or _stands_below(line, one)
            ]
            pair = _split([line, *below[:1]])
            if pair is not None:
                yield (*pair, BY_TITLE)
            elif _is_name(line.text.strip()) and len(line.text) > 6 and not line.text.isupper():  # noqa: PLR2004
                yield (line, 0, len(line.text)), None, NAME_ALONE


def _stands_beside(line: Passage, other: Passage) -> bool:
    """Whether a title follows a name and its comma on the row, with blanks between."""
    gap = other.box.x0 - line.box.x1
    return line.text.endswith(",") and 0 < gap <= SIGNED_ABOVE_PT and other.box.overlap_y(line.box) > 0


def _stands_below(line: Passage, below: Passage) -> bool:
    return below.box.overlap_x(line.box) > 0 and 0 < below.box.center_y - line.box.center_y <= 4 * line.size


def _by_notary(line: Passage, lines: Sequence[Passage]) -> bool:
    """Whether a line stands by a notary's: the lines around it speak of one."""
    near = [
        one
        for one in lines
        if abs(one.box.center_y - line.box.center_y) <= 3.5 * line.size and one.box.overlap_x(line.box) > 0
    ]
    return any(_NOTARY.search(one.text) for one in near if "sworn" not in one.text.lower() or one is line)


def _candidate(
    wanted: Wanted, passage: Passage, start: int, end: int, score: float, reason: str, value: str = ""
) -> Candidate:
    source = passage.source(start, end)
    return Candidate(
        wanted,
        value or passage.text[start:end].strip(" ,"),
        (source,) if source else (),
        score,
        reason,
        ids(passage.words_between(start, end)),
    )
