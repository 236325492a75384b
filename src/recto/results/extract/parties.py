"""An agreement's text in, the names of its parties out.

Found, surest first, in the clause "between X and Y", in definitions (X, a Delaware corporation (the "Company")), in
whom a letter is addressed to, and above the signatures. A name once found is not repeated in another spelling.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from recto.results.extract.letterhead import LEGAL_FORM, STREET
from recto.results.extract.passages import DocumentText, Passage
from recto.results.extract.prose import is_agreement, is_prose
from recto.results.extract.signing import TITLE_WORDS

CLAUSE_LETTERS = 900
"""Letters of a clause that names the parties, at most."""
SAME_NAME = 88
"""Likeness (0..100) from which two names are one."""
SHORT_NAMES = 2
"""Paragraphs at the beginning in which a short name makes a firm a party."""
ENOUGH = 2
"""With so many parties from the text, signatures add none."""
SAME_EDGE_PT = 20.0
"""Who signs for himself signs below the word for his part, within so many points of its left edge."""
FIRST_PAGES = 2
IN_CLAUSE, DEFINED, ADDRESSED, SIGNED = 0.9, 0.85, 0.75, 0.7

_FORM = (
    r"(?:Inc|Incorporated|INC|INCORPORATED|Corp|Corporation|CORP|CORPORATION|LLC|L\.\s?L\.\s?C|Ltd|LTD|Limited|LIMITED|LLP|L\.L\.P|LP|L\.P"
    r"|Company|COMPANY|Co|CO|GmbH|AG|B\.V|N\.V|S\.A|PLC|plc|Plc|Bancorp|Bank|N\.A|Partners|Group|Holdings|Trust|Association|Pty|SE|SAS)"
)
_WORD = r"[A-Z0-9][\w&.'’/-]*"
_ORGANISATION = re.compile(
    rf"{_WORD}(?:\s+(?:(?:of|and|&|the|for|de)\s+)?{_WORD}){{0,7}},?\s+{_FORM}\b\.?(?:,?\s?{_FORM}\b\.?)?"
)
_PERSON = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?[A-Z][a-z’'-]+(?:\s+[A-Z]\.?)?(?:\s+[A-Z][a-z’'-]+){1,2}(?=[\s,(;]|$)"
)
_BETWEEN = re.compile(
    r"\b(?:by and between|by and among|between|among|by)\b[\s:]*(?:\(\w\)\s*)?(?=[“\"]?[A-Z0-9])"
)
_DEFINES = re.compile(
    r"^[^()“\"]{0,140}?\((?:[^()]{0,60}?)[“\"][A-Z]|^[^()“\"]{0,60}?,?\s(?:a|an)\s[\w\s]{3,40}?\b(?:corporation|company|partnership|individual)\b"
)
_ROLES = (
    r"(?:Company|Recipient|Employee|Executive|Discloser|Disclosing Party|Receiving Party|Buyer|Seller|Purchaser|Vendor"
    r"|Consultant|Contractor|Client|Customer|Provider|Supplier|Licensor|Licensee|Landlord|Tenant|Lessor|Lessee|Lender|Borrower|Associate|Parent"
    r"|Owner|Service Provider|Director|Advisor|Investor)"
)
_DEFINED = re.compile(rf"\s*(?:,[^()]{{0,80}})?\((?:[^()“\"]{{0,80}})?[“\"]{_ROLES}[”\"]")
_CALLED = re.compile(r"\s*(?:,[^()]{0,80})?\((?:[^()“\"]{0,80})?[“\"]")
_MEANS = re.compile(r"\bthe term [“\"][^”\"]{2,40}[”\"] means\s+$")
_AT_ONCE = re.compile(r"^,?\s*(?:\(|an?\s+(?:individual|resident)|residing)")
_SALUTATION = re.compile(r"^(?:Dear\b|Ladies and Gentlemen|Gentlemen)", re.IGNORECASE)
_BY = re.compile(r"^(?:By|BY|Per|Signed)\b\s*:")
_SIGNED = re.compile(r"^/s/\s*(?P<name>[A-Z][\w.’' -]{4,40})")
_PERSONAL = re.compile(
    r"^(?:EMPLOYEE|EXECUTIVE|ASSOCIATE|CONSULTANT|RECIPIENT|INDIVIDUAL|DIRECTOR)\b", re.IGNORECASE
)
_NOT_A_NAME = re.compile(
    r"^(?:This|The|Agreement|Each|Any|In|Whereas|State|Section|Exhibit|Party|Parties|Company|Recipient|Dear|You|Re)\b"
)


@dataclass(frozen=True, slots=True)
class Party:
    """A name of a party, where it stands, and how sure it is (0..1)."""

    name: str
    passage: Passage
    start: int
    end: int
    sure: float


def parties(text: DocumentText) -> list[Party]:
    """The parties of an agreement, each once; none for a document that is no agreement."""
    if not is_agreement(text):
        return []
    found: list[Party] = []
    first = text.pages[0].number
    early = [one for one in text.passages if one.page < first + FIRST_PAGES]
    for step in (_in_clause(early), _by_definition(early), _addressee(early, first)):
        for one in step:
            _add(found, one)
    for more in (_by_short_name(early), _signed(text)):
        if len(found) < ENOUGH:
            for one in more:
                _add(found, one)
    return found


def _add(found: list[Party], one: Party) -> None:
    name = _bare(one.name)
    if len(name) < 4 or _NOT_A_NAME.match(one.name):  # noqa: PLR2004  (letters)
        return
    for other in found:
        mine = _bare(other.name)
        if fuzz.ratio(name, mine) >= SAME_NAME or mine.startswith(name) or mine in name:
            return
    found.append(one)


def _bare(name: str) -> str:
    plain = re.sub(r"[^\w\s]", "", name).lower()
    return re.sub(
        r"\b(?:inc|incorporated|corp|corporation|llc|l l c|ltd|limited|company|co)\b\s*$", "", plain
    ).strip()


def _in_clause(passages: list[Passage]) -> Iterator[Party]:
    """Names after "between" in the first clause that has two of them."""
    for passage in passages:
        if not is_prose(passage):
            continue
        for match in _BETWEEN.finditer(passage.text):
            names = list(_names_of_clause(passage, match.end()))
            if names and (match.group().strip().lower() != "by" or len(names) > 1):
                yield from names
                return


def _names_of_clause(passage: Passage, start: int) -> Iterator[Party]:
    text = passage.text
    end = min(len(text), start + CLAUSE_LETTERS)
    first = _name_at(passage, start)
    if first is None:
        return
    yield first
    at = first.end
    for match in re.compile(
        r"(?:\band\b|\bin favor of\b|[,;)])\s+(?:and\s+)?(?:\(\w\)\s*)?(?=[“\"]?[A-Z0-9])"
    ).finditer(text, at, end):
        if match.start() < at:
            continue
        one = _name_at(passage, match.end())
        rest = text[one.end : one.end + 200] if one is not None else ""
        if one is not None and (_DEFINES if _has_form(one.name) else _AT_ONCE).match(rest):
            yield one
            at = one.end


def _name_at(passage: Passage, start: int) -> Party | None:
    for pattern in (_ORGANISATION, _PERSON):
        match = pattern.match(passage.text, start)
        if match is not None:
            return Party(_trimmed(match.group()), passage, start, match.end(), IN_CLAUSE)
    return None


def _has_form(name: str) -> bool:
    return re.search(rf"\b{_FORM}\.?$", name) is not None


def _trimmed(name: str) -> str:
    return re.sub(r"^(?:Mr|Mrs|Ms)\.?\s+", "", name.strip(" ,;:"))


def _by_definition(passages: list[Passage]) -> Iterator[Party]:
    """Names that a definition makes one of the parties."""
    for passage in passages:
        for pattern in (_ORGANISATION, _PERSON):
            for match in pattern.finditer(passage.text):
                defined = _DEFINED.match(passage.text, match.end())
                if pattern is _PERSON and defined and not _AT_ONCE.match(passage.text[match.end() :]):
                    continue
                if pattern is _PERSON and STREET.search(match.group()):
                    continue
                if defined or (pattern is _ORGANISATION and _MEANS.search(passage.text[: match.start()])):
                    name = _after_small_words(match.group())
                    yield Party(_trimmed(name), passage, match.end() - len(name), match.end(), DEFINED)


def _by_short_name(passages: list[Passage]) -> Iterator[Party]:
    """Firms that the first paragraphs give a short name."""
    for passage in [one for one in passages if is_prose(one)][:SHORT_NAMES]:
        for match in _ORGANISATION.finditer(passage.text):
            if _CALLED.match(passage.text, match.end()):
                name = _after_small_words(match.group())
                yield Party(_trimmed(name), passage, match.end() - len(name), match.end(), DEFINED)


def _after_small_words(name: str) -> str:
    return re.sub(r"^(?:(?:The|As|In|With|Between|By|And|Of|For|This|WHEREAS,?|Whereas,?)\s+)+", "", name)


def _addressee(passages: list[Passage], first: int) -> Iterator[Party]:
    """Whom a letter is addressed to: the first line of the address above its salutation."""
    page = [one for one in passages if one.page == first]
    at = next((place for place, one in enumerate(page) if _SALUTATION.match(one.text)), None)
    if at is None:
        return
    for block in page[max(0, at - 4) : at]:
        passage = _first_line(block)
        for pattern in (_ORGANISATION, _PERSON):
            match = pattern.match(passage.text)
            if match is not None and (re.search(r"\d", passage.text) or len(passage.words) <= 8):  # noqa: PLR2004
                if not TITLE_WORDS.search(match.group()):
                    yield Party(_trimmed(match.group()), passage, 0, match.end(), ADDRESSED)
                break


def _first_line(passage: Passage) -> Passage:
    first = passage.words[0].box
    words = [word for word in passage.words if word.box.overlap_y(first) > 0]
    return Passage(words, passage.document, passage.page, passage.block)


def _signed(text: DocumentText) -> Iterator[Party]:
    """Firms above "By:" and persons who sign for themselves."""
    for page in sorted(text.lines):
        lines = text.lines[page]
        for at, line in enumerate(lines):
            if _BY.match(line.text):
                above = [one for one in lines[max(0, at - 10) : at] if one.box.overlap_x(line.box) > 0]
                firm = next((one for one in reversed(above) if LEGAL_FORM.search(one.text.rstrip(":"))), None)
                if firm is not None and not is_prose(firm):
                    yield Party(firm.text.strip(" :"), firm, 0, len(firm.text.rstrip(" :")), SIGNED)
            match = _SIGNED.match(line.text)
            if match is not None:
                heads = [one for one in lines[max(0, at - 6) : at] if _PERSONAL.match(one.text)]
                if any(abs(one.box.x0 - line.box.x0) <= SAME_EDGE_PT for one in heads):
                    name = _PERSON.match(match["name"])
                    if name is not None:
                        yield Party(
                            name.group(), line, match.start("name"), match.start("name") + name.end(), SIGNED
                        )
