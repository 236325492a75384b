"""The evidence and wanted fields in, candidates out: values that stand beside, behind or below a label.

A label is any run of words that says a field (labels). Its value is what the field's reader finds in the rest of the
phrase, in the phrases to the right on the row, or below in the column; for amounts also the total of a column whose
head is the label. Every candidate carries the words it stands on. Never chooses among them; see assign.
"""

import re
from collections.abc import Iterator, Sequence

from recto.results.extract.evidence import Candidate, Evidence, ids, tokens_of
from recto.results.extract.labels import Wanted
from recto.results.extract.lexicon import STOP_WORDS
from recto.results.extract.passages import Passage, joined
from recto.results.extract.printed import FREE_KINDS, Label, in_prose, is_label, labels_of
from recto.results.extract.readers import TICK_BOX, Reading, readings, typed

BEHIND_COLON, BEHIND, BEHIND_TEXT = 1.0, 0.95, 0.84
"""How surely a value belongs to a label in the same phrase: after a colon; a value of a special form; any text."""
RIGHT_OF_COLON, RIGHT = 0.97, 0.9
"""The same for a value in the next phrase of the row."""
BELOW, BELOW_FAR = 0.86, 0.6
"""And for a value below: in the next row, further down."""
COLUMN_TOTAL, COLUMN_ONLY, COLUMN_FIRST = 0.9, 0.84, 0.6
"""And for amounts below the head of a column: in its row of totals, alone in it, one of many."""
LEVEL_SHARE = 0.4
"""Share of its height that a phrase right of a label has in common with it."""
FARTHEST_RIGHT_PT = 330.0
"""White space between a label and the value right of it, in points, at most: half a page."""
BELOW_LINES = 2.6
"""A value stands at most this many font sizes below its label."""
MANY_BELOW = 3
"""Labels in a row, and texts below one of them, from which they are a table."""
MANY_VALUES = 2
"""Amounts or dates below each other that are a column."""
COLUMN_ROWS = 60
"""Rows below a head that are read as its column."""
NEAR_START, NEAR_IDENTIFIER = 14, 3
"""Letters between a label and a value of a special form in one phrase, at most; and an identifier, which any word
with a figure may be."""
CLOSE_LINES, SAME_EDGE = 1.0, 1.0
"""Lines of one value are no further apart and no more shifted than this, in font sizes."""
STEP_RIGHT_PT = 60.0
"""A value in the row below its label may begin this far right of the label's end, in points."""

_NUMBERED = re.compile(r"^\(?[A-Z0-9]{1,2}[.)]\s")
_NEXT_LABEL = re.compile(r"\s(?:[A-Z#][\w./#'-]*\s){0,3}?[A-Z][\w./#'-]*\s?[:：](?:\s|$)")
_DESCRIBING = frozenset(
    ("description", "item", "product", "service", "note", "comment", "title", "detail", "subject")
)
_TOTALS = frozenset(("total", "totaal", "summe", "gesamt", "totale"))


def by_labels(evidence: Evidence, wanted: Wanted) -> list[Candidate]:
    """The candidates of one field that a label speaks for."""
    found: list[Candidate] = []
    if wanted.kind == "boolean":
        return found
    for label in labels_of(evidence, wanted, wanted.phrases):
        if wanted.kind == "choice" and TICK_BOX.search(label.phrase.text, label.end):
            continue
        found.extend(_values(evidence, wanted, label))
    for label in labels_of(evidence, wanted, wanted.spans):
        found.extend(_part_of_span(evidence, wanted, label))
    return found


def _values(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    """The candidates for one label: behind it, else right of it, and below."""
    if not label.colon and in_prose(label.phrase):
        return
    behind = list(_behind(evidence, wanted, label))
    yield from behind
    rest = label.phrase.text[label.end :].strip()
    beside = (
        []
        if behind or (_starts_a_value(rest) and rest and wanted.kind in FREE_KINDS)
        else list(_right(evidence, wanted, label))
    )
    yield from beside
    if not behind and not beside:
        yield from _below(evidence, wanted, label)
    if wanted.kind in ("amount", "integer") and not behind:
        yield from _column(evidence, wanted, label)


def _behind(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    text = label.phrase.text
    stop = _NEXT_LABEL.search(text, label.end)
    end = stop.start() if stop else len(text)
    rest = text[label.end : end]
    if not rest.strip():
        return
    if wanted.kind in FREE_KINDS:
        if not label.colon and not _starts_a_value(rest):
            return
        place = BEHIND_COLON if label.colon else BEHIND_TEXT
    else:
        place = BEHIND_COLON if label.colon else BEHIND
    found = _part_only(wanted, _read(evidence, wanted, rest))
    for at, one in enumerate(found):
        near = NEAR_IDENTIFIER if _loose(wanted, label, rest, one) else NEAR_START
        if at == 0 and one.start > near and wanted.kind != "amount":
            return
        if wanted.kind != "amount" and at > 0:
            return
        yield _candidate(
            wanted, label, label.phrase, _moved(one, label.end), place, f"stands after “{_shown(label)}”"
        )


def _loose(wanted: Wanted, label: Label, rest: str, one: Reading) -> bool:
    """Whether an identifier must follow its label at once: unless a colon or one name and all figures stand for it."""
    if wanted.kind != "identifier" or label.colon:
        return False
    between = rest[: one.start].split()
    return not (len(between) == 1 and between[0][0].isupper() and str(one.value).isdigit())


def _starts_a_value(rest: str) -> bool:
    """Text after a label without a colon is its value when it begins like one: large letter, figure or bracket."""
    first = rest.split(maxsplit=1)[:1]
    return not first or not (first[0][0].islower() or first[0].lower() in STOP_WORDS)


def _right(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    """Values in the phrases right of the label on its row; of amounts all, of others the first."""
    place = RIGHT_OF_COLON if label.colon else RIGHT
    edge = label.phrase.box.x1
    for phrase in _right_of(evidence, label.phrase):
        if phrase.box.x0 - edge > FARTHEST_RIGHT_PT:
            return
        if is_label(evidence, phrase) and not (wanted.kind == "name" and label.colon):
            return
        found = _part_only(wanted, _read(evidence, wanted, phrase.text))
        for one in found[: None if wanted.kind == "amount" else 1]:
            yield _candidate(wanted, label, phrase, one, place, f"stands right of “{_shown(label)}”")
        if wanted.kind != "amount" and (found or len(phrase.text) > 2):  # noqa: PLR2004  (a lone sign)
            return
        edge = phrase.box.x1


def _right_of(evidence: Evidence, phrase: Passage) -> list[Passage]:
    """The phrases right of one, from left to right: at its height, whichever row they were sorted into.

    Where columns are set a little higher or lower than each other, two may lie behind one another; the one that is
    nearer to the phrase's height counts.
    """
    rows = evidence.rows[phrase.document, phrase.page]
    at = evidence.row_of[id(phrase)]
    beside = [
        (one.box.overlap_y(phrase.box) / max(1e-6, min(one.box.height, phrase.box.height)), one)
        for row in rows[max(0, at - 1) : at + 2]
        for one in row
        if one.box.x0 >= phrase.box.x1 - 1 and one is not phrase
    ]
    kept: list[Passage] = []
    for share, one in sorted(beside, key=lambda pair: -pair[0]):
        if share >= LEVEL_SHARE and not any(one.box.overlap_x(other.box) > 0 for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.box.x0)


def _below(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    lines = list(_column_below(evidence, label.phrase, rows=4))
    if _heads_a_table(evidence, label.phrase) and (
        (wanted.kind == "text" and len(lines) >= MANY_BELOW)
        or (wanted.kind in ("amount", "date") and _many_values(evidence, wanted, lines))
    ):
        return
    near = [one for one in lines if one.box.y0 - label.phrase.box.y1 <= BELOW_LINES * label.phrase.size]
    rest = label.phrase.text[label.end :].strip()
    while near and rest and near[0].block is label.phrase.block and _ends_label(rest, near[0].text):
        rest, near = near[0].text, near[1:]
    if not near or is_label(evidence, near[0]):
        near = list(_step_right(evidence, label.phrase)) or near
    for at, phrase in enumerate(near):
        if is_label(evidence, phrase):
            return
        found = _read(evidence, wanted, phrase.text)
        if found and found[0].start > NEAR_START and in_prose(phrase):
            return
        if found:
            whole = phrase
            if wanted.kind in FREE_KINDS:
                whole = _whole_value(wanted, [phrase, *_going_on(evidence, phrase, lines)])
                found = _read(evidence, wanted, whole.text)
            if found:
                place = BELOW if at == 0 else BELOW_FAR
                yield _candidate(wanted, label, whole, found[0], place, f"stands below “{_shown(label)}”")
            return


def _many_values(evidence: Evidence, wanted: Wanted, lines: Sequence[Passage]) -> bool:
    """Whether amounts or dates stand below each other: one of a column's many says nothing of the document."""
    return sum(bool(_read(evidence, wanted, line.text)) for line in lines) >= MANY_VALUES


def _whole_value(wanted: Wanted, lines: Sequence[Passage]) -> Passage:
    """The lines that are the value: a name ends where an address begins, an address begins below the name."""
    if wanted.kind == "address":
        start = 1 if len(lines) > 1 and not any(letter.isdigit() for letter in lines[0].text) else 0
        return joined(lines[start:])
    if wanted.kind == "text":
        return joined(lines)
    kept = [lines[0]]
    for line in lines[1:]:
        if any(letter.isdigit() or letter == "@" for letter in line.text):
            break
        kept.append(line)
    return joined(kept)


def _step_right(evidence: Evidence, phrase: Passage) -> Iterator[Passage]:
    """The phrase of the next row that begins a little right of the label's end, as on typed forms."""
    rows = evidence.rows[phrase.document, phrase.page]
    for row in rows[evidence.row_of[id(phrase)] + 1 :][:1]:
        for one in row:
            if 0 <= one.box.x0 - phrase.box.x1 <= STEP_RIGHT_PT and one.box.y0 - phrase.box.y1 <= phrase.size:
                yield one
                return


def _heads_a_table(evidence: Evidence, phrase: Passage) -> bool:
    """Whether a label stands in a row of labels: then the texts below it are a column, and no single value."""
    row = evidence.rows[phrase.document, phrase.page][evidence.row_of[id(phrase)]]
    return sum(is_label(evidence, one) for one in row) >= MANY_BELOW


def _ends_label(rest: str, line: str) -> bool:
    """Whether a line goes on with a label that is broken over lines, whose rest is no value."""
    if line[:1].islower():
        return True
    return rest.isupper() and line.isupper() and line.rstrip().endswith((".", ":"))


def _going_on(evidence: Evidence, phrase: Passage, column: Sequence[Passage]) -> Iterator[Passage]:
    """The lines of the same value below its first line: close, at the same edge, no label."""
    last = phrase
    for line in column:
        if line.box.y0 <= phrase.box.y0:
            continue
        near = line.box.y0 - last.box.y1 <= CLOSE_LINES * phrase.size and line.box.y0 > last.box.center_y
        shared = line.box.overlap_x(phrase.box) >= 0.5 * min(line.box.width, phrase.box.width)
        aligned = shared or abs(line.box.x0 - phrase.box.x0) <= SAME_EDGE * phrase.size
        alike = line.block is phrase.block
        if not (near and aligned and alike) or is_label(evidence, line) or _NUMBERED.match(line.text):
            return
        yield line
        last = line


def _column_below(evidence: Evidence, phrase: Passage, rows: int) -> Iterator[Passage]:
    """The first phrase of every row below that stands under a phrase, from the nearest on."""
    every = evidence.rows[phrase.document, phrase.page]
    first = evidence.row_of[id(phrase)] + 1
    for row in every[first : first + rows]:
        under = [one for one in row if _under(phrase, one)]
        if under:
            yield max(under, key=lambda one: one.box.overlap_x(phrase.box))


def _under(head: Passage, phrase: Passage) -> bool:
    shared = phrase.box.overlap_x(head.box)
    return (
        shared > 0.3 * min(phrase.box.width, head.box.width) or abs(phrase.box.x0 - head.box.x0) < head.size
    )


def _column(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    """Amounts below a label that heads a column: in the row of totals, or the only one."""
    column: list[tuple[Passage, Reading]] = []
    for phrase in _column_below(evidence, label.phrase, COLUMN_ROWS):
        found = _read(evidence, wanted, phrase.text)
        if found:
            column.append((phrase, found[-1]))
    rows = evidence.rows[label.phrase.document, label.phrase.page]
    totals = [one for one in column if _in_totals(rows[evidence.row_of[id(one[0])]])]
    for phrase, one in totals[:1]:
        yield _candidate(
            wanted, label, phrase, one, COLUMN_TOTAL, f"is the total of the column “{_shown(label)}”"
        )
    if not totals and len(column) == 1:
        yield _candidate(wanted, label, *column[0], COLUMN_ONLY, f"stands below “{_shown(label)}”")
    elif not totals and column:
        yield _candidate(wanted, label, *column[-1], COLUMN_FIRST, f"stands below “{_shown(label)}”")


def _in_totals(row: Sequence[Passage]) -> bool:
    return any(token.word in _TOTALS for token in tokens_of(row[0])[:3])


def _part_of_span(evidence: Evidence, wanted: Wanted, label: Label) -> Iterator[Candidate]:
    """The first or second date of a span that stands behind, right of or below a label."""
    places = [(label.phrase, label.end, BEHIND_COLON if label.colon else BEHIND)]
    right = _right_of(evidence, label.phrase)[:3]
    if right:
        places.append((joined(right), 0, RIGHT))
    places.extend((one, 0, BELOW) for one in _column_below(evidence, label.phrase, rows=2))
    for phrase, start, place in places:
        found = readings("date", phrase.text[start:], wanted.field, day_first=evidence.day_first)
        if len(found) >= 2:  # noqa: PLR2004  (a span has two ends)
            which = "start" if wanted.part == 0 else "end"
            yield _candidate(
                wanted,
                label,
                phrase,
                _moved(found[wanted.part], start),
                place,
                f"is the {which} of “{_shown(label)}”",
            )
            return


def _read(evidence: Evidence, wanted: Wanted, text: str) -> list[Reading]:
    if wanted.kind == "text" and not _DESCRIBING.isdisjoint(wanted.words) and not any(map(str.isalpha, text)):
        return []
    found = readings(wanted.kind, text, wanted.field, day_first=evidence.day_first)
    return [one for one in found if typed(one.value, wanted.field) is not None]


def _part_only(wanted: Wanted, found: list[Reading]) -> list[Reading]:
    """Of a span of two dates the one that is asked for."""
    return [found[wanted.part]] if wanted.part >= 0 and len(found) >= 2 else found  # noqa: PLR2004


def _moved(one: Reading, by: int) -> Reading:
    return Reading(one.value, one.start + by, one.end + by, one.quality)


def _shown(label: Label) -> str:
    tokens = tokens_of(label.phrase)
    return label.phrase.text[tokens[label.first].start : tokens[label.last].end]


def _candidate(
    wanted: Wanted, label: Label, passage: Passage, one: Reading, place: float, reason: str
) -> Candidate:
    words = passage.words_between(one.start, one.end)
    source = passage.source(one.start, one.end)
    return Candidate(
        wanted,
        typed(one.value, wanted.field),
        (source,) if source else (),
        label.fit * place * one.quality,
        reason,
        ids(words),
        label.place,
    )
