"""The first page's lines in, the issuer's name and address out, where no label names them.

Receipts and invoices print who issues them at the top: a name of one to three lines, often with a legal form, then
perhaps a registration number, then the address up to the telephone number. Only documents that are about money are
read so: any other page begins with something too.
"""

import re
from collections.abc import Sequence

from recto.results.extract.dates import folded
from recto.results.extract.evidence import Candidate, Evidence, ids
from recto.results.extract.labels import Wanted
from recto.results.extract.lexicon import OWNERS, word_set
from recto.results.extract.names import label_tokens
from recto.results.extract.passages import DocumentText, Passage, joined
from recto.results.extract.readers import country_names

TOP_LINES = 16
"""Lines of the first page that may be a letterhead."""
NAME_LINES, ADDRESS_LINES = 3, 6
"""Lines of a name and of an address, at most."""
WITH_FORM, PLAIN_NAME, ADDRESS, PART = 0.82, 0.7, 0.8, 0.72
"""How sure a name with a legal form is, one without, an address, and a part of one."""
MANY_DIGITS = 5
"""Digits in one run that no name has."""

ISSUERS = OWNERS | word_set(
    "company issuer vendor seller supplier merchant store shop restaurant biller payee partner organisation business"
    " retailer"
)
"""Words that ask for who made the document out."""

LEGAL_FORM = re.compile(
    r"\b(?:sdn\.?\s?bhd|s/b|bhd|ltd|limited|inc|incorporated|llc|l\.l\.c|llp|lp|corp|corporation|co|company|companies"
    r"|gmbh|ag|kg|ug|b\.?v|n\.?v|s\.?a|s\.?a\.?s|s\.?a\.?r\.?l|s\.?r\.?l|s\.?p\.?a|pte|pty|plc|enterprise|enterprises"
    r"|trading|holdings?|group|ab|aps|a/s|oy|as|k\.k|pvt|private|foundation|association|bank|pllc)\b\.?\s*(?:$|[,(])",
    re.IGNORECASE,
)
"""Legal forms and words at the end of names of firms."""

STREET = re.compile(
    r"\b(?:jalan|jln|lot|lorong|taman|plaza|mall|street|str|st|road|rd|avenue|ave|lane|ln|blvd|boulevard|drive|dr|suite"
    r"|floor|unit|level|block|blk|p\.?o\.?\s?box|highway|hwy|parkway|pkwy|square|court|way|weg|stra(?:ss|ß)e|platz|rue"
    r"|place|quai|via|piazza|calle|plein|laan|gracht|kade|mukim|kampung|kg|persiaran|no\.?\s?\d|ground|basement)\b|"
    r"stra(?:ss|ß)e\b|straat\b|weg\b",
    re.IGNORECASE,
)
"""Words of streets and buildings."""
_POSTAL = re.compile(r"(?<!\d)\d{5,6}(?!\d)|\b\d{4}\s?[A-Z]{2}\b|\b[A-Z]{1,2}\d{1,2}\s?\d[A-Z]{2}\b")
_FORM_ALONE = re.compile(
    r"^(?:(?:co|sdn|bhd|ltd|limited|inc|llc|corp|corporation|company|gmbh|pte|pty|pvt|plc)\b[.,\s)]*|\(m\)\s*)+$",
    re.IGNORECASE,
)
_REGISTER_END = re.compile(
    r"\s*[\[(]?(?:co\.?\s?)?(?:reg\.?\s?)?(?:no\.?\s?:?\s?)?\d[\d-]{4,}\s?-?\s?[A-Z]?[\])]?$", re.IGNORECASE
)
_REGISTER = re.compile(
    r"^[\[(]?(?:co\.?|reg|company)?[\s.:A-Za-z]{0,14}[\d-]{5,}\s?-?\s?[A-Z]?[\])]?$", re.IGNORECASE
)
_OTHER = re.compile(
    r"(?:\b(?:tel|fax|phone|ph|gst|vat|tax|invoice|receipt|bill|cash sale|date|time|page|cashier|email|e-mail|www|http"
    r"|welcome|order|customer|hotline|reg\.? no|co\.?\s?no|co\.?\s?reg|company no"
    r"|roc|ssm|factuur|facture|rechnung|duplicate"
    r"|copy|table|thank|id no|btw|kvk|iban)\b|[:@#])",
    re.IGNORECASE,
)
_CODE = r"(?:\d{5}(?:-\d{4})?|\d{4}\s?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\d{6})"
_PARTS = {
    "zip": re.compile(rf"(?<![\w-])(?P<part>{_CODE})(?![\w-])"),
    "postcode": re.compile(rf"(?<![\w-])(?P<part>{_CODE})(?![\w-])"),
    "city": re.compile(rf"(?<![\w-]){_CODE},?\s+(?P<part>[^\W\d_][^\d,]+)"),
    "street": re.compile(
        r"^(?P<part>(?=.*[A-Za-z]{3})[^\d,]{3,}\s\d{1,5}\s?[a-zA-Z]?"
        r"|\d{1,5}[a-zA-Z]?,?\s(?=[A-Za-z])[^,\d]{3,})\s*,?$"
    ),
    "country": re.compile(r"^(?P<part>[^\W\d_][^\d,]{3,30})$"),
}  # fmt: skip
_REACHED = re.compile(r"[\w.+-]+@[\w-]+\.\w|\bwww\.|^(?:tel|phone|ph)\b", re.IGNORECASE)
_MONEY_WORDS = word_set(
    "invoice receipt total cash bill factuur facture rechnung factura fattura gst vat btw tva statement subtotal"
)


def issuers(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """The name or address at the top of documents, for fields that ask for the issuer's."""
    name, address = _asks(wanted)
    if not name and not address:
        return []
    found: list[Candidate] = []
    for text in evidence.documents:
        head = _head(text)
        if head is None:
            continue
        names, addresses, sure = head
        lines = names if name else addresses
        if lines:
            found.append(_candidate(wanted, lines, sure if name else ADDRESS, name=name))
    return found


def address_parts(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """Street, postal code, town and country of the issuer's address."""
    part = wanted.words[-1:] if wanted.words[-1:] != ("code",) else wanted.words[-2:-1]
    pattern = _PARTS.get(part[0]) if part else None
    own = wanted.words[0] in ISSUERS if wanted.words else False
    if (
        pattern is None
        or (wanted.context and wanted.context[-1] not in ISSUERS)
        or not (own or wanted.context or part[0] == "country")
    ):
        return []
    for text in evidence.documents:
        head = _head(text)
        for line in head[1] if head is not None else ():
            match = pattern.search(line.text)
            if match is None or (part[0] == "street" and _POSTAL.search(line.text)):
                continue
            value, derived = _plain_part(part[0], match["part"], wanted)
            if value:
                start, end = match.span("part")
                source = line.source(start, end)
                reason = "stands in the address at the head"
                words = ids(line.words_between(start, end))
                return [
                    Candidate(
                        wanted, value, (source,) if source else (), PART, reason, words, derived=derived
                    )
                ]
    return []


def _plain_part(part: str, text: str, wanted: Wanted) -> tuple[str, bool]:
    if part != "country":
        return text.strip(" ,."), False
    code = country_names().get(folded(text.strip(" ,.")), "")
    return (code, True) if code and "code" in wanted.words else (text.strip(" ,.") if code else "", False)


def _asks(wanted: Wanted) -> tuple[bool, bool]:
    words = [word for word in wanted.words if word != "full"]
    own = words[:1] and words[0] in ISSUERS
    within = not wanted.context or wanted.context[-1] in ISSUERS
    if wanted.field.type not in ("string", "any") or wanted.field.enum:
        return False, False
    name = bool(own and words[1:] in ([], ["name"])) or bool(wanted.context and within and words == ["name"])
    address = (words == ["address"] and within) or bool(own and words[1:] == ["address"])
    return name, address


def _head(text: DocumentText) -> tuple[list[Passage], list[Passage], float] | None:
    """Lines of the name and of the address, and how sure the name is."""
    if not text.pages or not _about_money(text):
        return None
    lines = list(text.lines.get(text.pages[0].number, ()))[:TOP_LINES]
    names, rest = _name_lines(lines)
    if not names:
        return None
    sure = WITH_FORM if any(LEGAL_FORM.search(line.text) for line in names) else PLAIN_NAME
    return names, _address_lines(rest), sure


def _about_money(text: DocumentText) -> bool:
    first = text.pages[0]
    words = {token.word for phrase in first.phrases for token in label_tokens(phrase.text)}
    return not words.isdisjoint(_MONEY_WORDS)


def _name_lines(lines: Sequence[Passage]) -> tuple[list[Passage], list[Passage]]:
    """The lines of the name and those below it: a name with a legal form first, else whatever an address follows."""
    for formed in (True, False):
        for at, first in enumerate(lines):
            column = [first, *(one for one in lines[at + 1 :] if one.box.overlap_x(first.box) > 0)]
            run = _run(column)
            if not run or not _followed_by_address(column[len(run) - 1 :]):
                continue
            ends = [place for place, one in enumerate(run) if LEGAL_FORM.search(one.text)]
            if formed and ends:
                return _with_form(lines[:at], run, ends[0]), column[ends[-1] + 1 :]
            if not formed:
                return run, column[len(run) :]
    return [], []


def _run(lines: Sequence[Passage]) -> list[Passage]:
    """The first lines of a column that may be a name, numbers of registers cut off."""
    run: list[Passage] = []
    for line in lines[:NAME_LINES]:
        kept = _without_register(line)
        if kept is None or not _nameable(kept.text) or (run and not _close(run[-1], kept)):
            break
        run.append(kept)
        if len(kept.words) < len(line.words):
            break
    return run


def _without_register(line: Passage) -> Passage | None:
    """A line without the number of a register at its end; None when nothing else is left."""
    match = _REGISTER_END.search(line.text)
    if match is None:
        return line
    words = line.words_between(0, match.start())
    return Passage(words, line.document, line.page, line.block) if words and match.start() > 0 else None


def _with_form(above: Sequence[Passage], run: list[Passage], place: int) -> list[Passage]:
    """The lines of a name that ends in a legal form: of its block those above; the form alone may be on a line."""
    end = run[place]
    whole = [one for one in run[:place] if one.block is end.block or _FORM_ALONE.match(end.text)]
    if not whole and above and _FORM_ALONE.match(end.text) and _close(above[-1], end):
        whole = [above[-1]]
    after = [one for one in run[place + 1 :] if _FORM_ALONE.match(one.text)]
    return [*whole, end, *after]


def _followed_by_address(lines: Sequence[Passage]) -> bool:
    """Whether an address, the number of a register or a way to write to the issuer comes soon."""
    if any(_REACHED.search(line.text) for line in lines[:2]):
        return True
    return any(_is_address(line.text) or _REGISTER.match(line.text) for line in lines[:4])


def _nameable(text: str) -> bool:
    letters = sum(letter.isalpha() for letter in text)
    if letters < 3 or _OTHER.search(text) or _REGISTER.match(text) or _is_address(text):  # noqa: PLR2004
        return False
    return letters >= 0.5 * len(text.replace(" ", "")) and not re.search(rf"\d{{{MANY_DIGITS},}}", text)


def _is_address(text: str) -> bool:
    if text[:1] in "([*" and text[-1:] in ")]*":
        return False
    street = STREET.search(text)
    if street is not None and street.start() == 0 and len(text.split()) > 1:
        return True
    return bool(STREET.search(text) and (re.search(r"\d", text) or "," in text)) or bool(
        _POSTAL.search(text) and re.search(r"[A-Za-z]{3}", text) and not _OTHER.search(text)
    )


def _close(line: Passage, below: Passage) -> bool:
    return below.box.y0 - line.box.y1 <= 1.2 * line.box.height and line.box.overlap_x(below.box) > 0


def _address_lines(lines: Sequence[Passage]) -> list[Passage]:
    found: list[Passage] = []
    for at, line in enumerate(lines):
        if len(found) >= ADDRESS_LINES:
            break
        if not found:
            if _is_address(line.text) and not _OTHER.search(line.text):
                found = [*_street_above(lines[:at], line), line]
            continue
        if _OTHER.search(line.text) or _REGISTER.match(line.text) or not _close(found[-1], line):
            break
        found.append(line)
        if line.block is not found[0].block and not _is_address(line.text):
            found.pop()
            break
    return found


def _street_above(above: Sequence[Passage], line: Passage) -> list[Passage]:
    """The line above one with a postal code, of the same block: a street that no word tells."""
    if not above or not _POSTAL.search(line.text):
        return []
    last = above[-1]
    own = last.block is line.block and _close(last, line) and not LEGAL_FORM.search(last.text)
    return [last] if own and not _OTHER.search(last.text) and not _REGISTER.match(last.text) else []


def _candidate(wanted: Wanted, lines: Sequence[Passage], score: float, *, name: bool) -> Candidate:
    whole = joined(lines)
    value = whole.text.strip(" ,;*-")
    source = whole.source(0, len(whole.text))
    what = "is the name at the head of the document" if name else "is the address below the name at the head"
    return Candidate(wanted, value, (source,) if source else (), score, what, ids(whole.words))
