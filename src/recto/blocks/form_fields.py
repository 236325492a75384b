"""Form fields among the words of a page: each value said once, beside its label, as a Key Value region.

Fields and words in, words and regions out, in four steps of the page's rules. `fill_in` comes first: marked
and unmarked boxes become the words [x] and [ ], and a value that the page does not show where its field stands
becomes words there, so that tables and sentences read as the filled form does. `pair_up` comes after the
tables: a field with a value and a label of its own, to its left or above it, is a region "label: value". Values
inside sentences and tables stay where they are. `attach` ties every field to the region it stands in, or makes
one for it. `settle_pairs` comes last and types the regions that are fields and little else. Never opens a file;
see pages.annotations.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from recto.blocks.joining import joined
from recto.blocks.lines import text_lines, turn_of
from recto.blocks.region import Region
from recto.document.geometry import Box, around
from recto.document.page import FormField, Page, Word

# Lengths in em are multiples of the font size of the words concerned; all from looking at the development forms.
MARKED, UNMARKED = "[x]", "[ ]"
LABEL_WORDS = 10
LABEL_LETTERS = 70
"""Longer texts beside a field are sentences or instructions, not its label."""
LABEL_REACH_PT = 150.0
"""How far, in points, a label stands left of its field."""
LABEL_GAP_EM = 1.5
"""White space between two words of one label, at most."""
ABOVE_EM = 1.2
"""White space between a field and the label above it, at most."""
OVERHANG_PT = 6.0
"""How far, in points, a label above a field begins left of it."""
ADJOINING_PT = 3.0
"""Two fields nearer than this, in points, and of one width are cells of one column."""
SENTENCE_GAP_EM = 2.0
"""A word this near to the right of a field may be how a sentence goes on."""
SAME_ROW = 0.5
"""Share of the smaller height two boxes must have in common to stand in one row."""
WELL_INSIDE = 0.5
"""Share of a word's area inside a field that makes it a word of the field."""
MISREAD = 0.6
"""Likeness (0..1) from which recognised letters are the field's value, misread."""
USUAL_SIZE = 10.0
"""Font size in points where no word tells another."""
FIELD_FILL = 0.75
"""Font size of a value as a share of the height of a field of one line."""
LEADING_EM = 1.2
"""Distance of the lines of a value."""
NEAR_PT = 40.0
"""How far, in points, an empty field stands from text that is not left of it."""

_BALLOTS = {"\u2610": UNMARKED, "\u2611": MARKED, "\u2612": MARKED}
"""Characters that are nothing but boxes to be marked. White and black squares are bullets more often."""


_BLANK = re.compile(r"_{2,}|\u2026{2,}|\.{4,}")
"""A printed line to write on."""
_GOES_ON = ",.;()"
"""Signs that a text begun before a field may go on with."""
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Label:
    words: tuple[Word, ...]
    text: str


def fill_in(page: Page, words: Sequence[Word]) -> tuple[Word, ...]:
    """The words of a page as the filled form reads; words outside of fields are the same objects."""
    found = [replace(word, text=_BALLOTS[word.text]) if word.text in _BALLOTS else word for word in words]
    for field in page.fields:
        if field.kind in {"checkbox", "radio"}:
            ticks = [*_inside(field.box, found), *(word for word in found if _is_tick(word, field.box))]
            found = [*_without(found, ticks), _mark(field, found)]
        elif field.value and field.kind != "signature":
            found = _blanks_filled(field.box, found)
            inside = _inside(field.box, found)
            if not _says(inside, field.value):
                said = [word for word in inside if _is_part(word, inside, field.value)]
                found = [*_without(found, said), *_typed(field, found)]
            found = _spread(field.box, found)
    return tuple(found)


def pair_up(page: Page, words: Sequence[Word], *, beside_only: bool) -> tuple[list[Region], tuple[Word, ...]]:
    """Key Value regions of fields with a value and a label of their own, and the words left over.

    `beside_only` takes the fields with a label to their left and none above, no line of a table between and no
    other field to their right: those are no cells. Otherwise the label may stand above, and a field without any
    is called by its own name.
    """
    left = tuple(words)
    regions: list[Region] = []
    every = [field.box for field in page.fields if field.kind in {"text", "choice"}]
    for field in page.fields:
        value = _value_words(field, left)
        if not value:
            continue
        row = around(word.box for word in value)
        rest = [word for word in _without(left, value) if turn_of(word) == 0]
        beside = _left_run(field.box, row, rest, every)
        label = _label_of(beside)
        if (beside and label is None) or _in_sentence(field.box, row, beside, rest, every):
            continue
        above = _above(field.box, rest, every)
        if beside_only and (label is None or above or _may_be_cell(page, field.box, row, label, rest, every)):
            continue
        label = label or _label_of(above)
        taken = (*(label.words if label else ()), *value)
        regions.append(_pair(field, label.text if label else "", value, taken))
        left = tuple(_without(left, taken))
    return regions, left


def attach(page: Page, regions: Sequence[Region]) -> list[Region]:
    """The regions in their order, with every field of the page tied to one; new regions stand at the end."""
    found = list(regions)
    homes: dict[int, list[FormField]] = {}
    alone: list[Region] = []
    for field in page.fields:
        home = _home(field, found)
        if home is None and field.kind != "signature":
            alone.append(_alone(field))
        elif home is None:
            continue
        else:
            homes.setdefault(home, []).append(field)
    tied = [
        _with_fields(region, homes[index]) if index in homes else region for index, region in enumerate(found)
    ]
    return [*tied, *alone]


def _without(words: Iterable[Word], gone: Iterable[Word]) -> list[Word]:
    ids = {id(word) for word in gone}
    return [word for word in words if id(word) not in ids]


def _letters(text: str) -> str:
    return "".join(text.split()).casefold()


def _inside(box: Box, words: Sequence[Word]) -> list[Word]:
    near = (word for word in words if word.box.y0 < box.y1 and word.box.y1 > box.y0 and word.box.x0 < box.x1)
    return [
        word for word in near if box.holds_center_of(word.box) or word.box.share_inside(box) >= WELL_INSIDE
    ]


def _is_tick(word: Word, box: Box) -> bool:
    """A single sign in a box to be marked, which may reach out of it."""
    return len(word.text) == 1 and not word.text.isalnum() and box.holds_center_of(word.box)


def _blanks_filled(box: Box, words: Sequence[Word]) -> list[Word]:
    """The words without the printed line of a blank where a value stands on it."""
    found: list[Word] = []
    for word in words:
        over = word.box.overlap_x(box) if _BLANK.search(word.text) and _same_row(word.box, box) else 0.0
        if over < WELL_INSIDE * min(word.box.width, box.width) or not over:
            found.append(word)
        elif text := _BLANK.sub("", word.text):
            found.append(_beside_blank(word, text, box))
    return found


def _spread(box: Box, words: Sequence[Word]) -> list[Word]:
    """The words, those in a field reaching to its edges where a text goes on: a blank is no gap between columns."""
    inside = _inside(box, words)
    if not inside:
        return list(words)
    reach = SENTENCE_GAP_EM * max(inside[0].font_size, 1.0)
    first, last = min(inside, key=lambda word: word.box.x0), max(inside, key=lambda word: word.box.x1)
    led = any(_same_row(w.box, first.box) and -reach <= box.x0 - w.box.x1 <= reach for w in words)
    followed = any(_same_row(w.box, last.box) and -1 <= w.box.x0 - box.x1 <= reach for w in words)
    found: list[Word] = []
    for word in words:
        x0 = min(word.box.x0, box.x0) if led and word is first else word.box.x0
        x1 = max(word.box.x1, box.x1) if followed and word is last else word.box.x1
        found.append(
            replace(word, box=replace(word.box, x0=x0, x1=x1))
            if (x0, x1) != (word.box.x0, word.box.x1)
            else word
        )
    return found


def _beside_blank(word: Word, text: str, box: Box) -> Word:
    """What is left of a word whose blank was filled: before the field or after it."""
    if word.text.startswith(text):
        return replace(word, text=text, box=replace(word.box, x1=max(word.box.x0, min(box.x0, word.box.x1))))
    x0 = min(max(word.box.x0, box.x1), word.box.x1)
    return replace(word, text=text, box=replace(word.box, x0=x0))


def _says(inside: Sequence[Word], value: str) -> bool:
    """Whether the words in a field, read line by line, are its value, word by word."""
    shown = " ".join(line.text for line in text_lines([word for word in inside if turn_of(word) == 0]))
    return bool(inside) and shown.casefold().split() == value.casefold().split()


def _is_part(word: Word, inside: Sequence[Word], value: str) -> bool:
    """Whether a word in a field is a piece of its value, as it was drawn or as it was misread."""
    if _letters(word.text) in _letters(value):
        return True
    if word.confidence is None:
        return False
    whole = "".join(_letters(one.text) for one in inside)
    return difflib.SequenceMatcher(None, whole, _letters(value)).ratio() >= MISREAD


def _mark(field: FormField, words: Sequence[Word]) -> Word:
    """The word of a box, on the baseline of the text beside it."""
    beside = [word for word in words if _same_row(word.box, field.box) and turn_of(word) == 0]
    text = MARKED if field.checked else UNMARKED
    if not beside:
        size = min(field.box.height, USUAL_SIZE)
        return Word(text, field.box, size)
    near = min(beside, key=lambda word: _apart(word.box, field.box))
    box = Box(field.box.x0, near.box.y0, field.box.x1, near.box.y1)
    return Word(text, box, near.font_size, font=near.font)


def _typed(field: FormField, words: Sequence[Word]) -> list[Word]:
    """The words of a value, laid out in its field line by line."""
    lines = [line.split() for line in field.value.splitlines() if line.split()]
    usual = median(word.font_size for word in words) if words else USUAL_SIZE
    size = min(usual, FIELD_FILL * field.box.height / max(1, len(lines))) or usual
    found: list[Word] = []
    for row, tokens in enumerate(lines):
        bottom = field.box.y0 + (row + 1) * min(LEADING_EM * size, field.box.height / len(lines))
        bottom = field.box.center_y + size / 2 if len(lines) == 1 else bottom
        letters = sum(map(len, tokens)) + len(tokens)
        step = min(size / 2, field.box.width / letters)
        x = field.box.x0
        for token in tokens:
            width = step * len(token)
            found.append(Word(token, Box(x, bottom - size, x + width, bottom), size))
            x += width + step
    return found


def _apart(box: Box, other: Box) -> float:
    return max(0.0, box.x0 - other.x1, other.x0 - box.x1)


def _same_row(box: Box, other: Box) -> bool:
    return box.overlap_y(other) >= SAME_ROW * min(box.height, other.height) > 0


def _value_words(field: FormField, words: Sequence[Word]) -> list[Word]:
    """The words of a typed or chosen value, unless something else stands in the field as well."""
    if not field.value or field.kind not in {"text", "choice"}:
        return []
    inside = _inside(field.box, words)
    said = [word for word in inside if _letters(word.text) in _letters(field.value)]
    return said if _letters(field.value) == "".join(_letters(word.text) for word in _in_lines(said)) else []


def _in_lines(words: Sequence[Word]) -> list[Word]:
    return [word for line in text_lines(words) for word in line.words]


def _left_run(box: Box, value: Box, words: Sequence[Word], fields: Sequence[Box]) -> list[Word]:
    """The words left of a field, in its row, up to the first wide gap or the next field."""
    reach = max(
        (other.x1 for other in fields if other.x1 <= box.x0 + 1 and _same_row(other, box)), default=0.0
    )
    row = [
        word
        for word in words
        if _same_row(word.box, value) and word.box.center_x < box.x0 and word.box.x0 >= reach - 1
    ]
    row.sort(key=lambda word: word.box.x0)
    if not row or box.x0 - row[-1].box.x1 > LABEL_REACH_PT:
        return []
    return _tail(row)


def _tail(row: Sequence[Word]) -> list[Word]:
    start = 0
    for at, (before, word) in enumerate(pairwise(row), start=1):
        if word.box.x0 - before.box.x1 > LABEL_GAP_EM * max(before.font_size, word.font_size, 1.0):
            start = at
    return list(row[start:])


def _above(box: Box, words: Sequence[Word], fields: Sequence[Box]) -> list[Word]:
    """The words of the line right above a field, or at its upper edge, that stand over it alone."""
    over = [
        word
        for word in words
        if word.box.center_y < box.center_y
        and box.y0 - word.box.y1 <= ABOVE_EM * word.font_size
        and word.box.overlap_x(box) > 0
    ]
    if not over:
        return []
    lowest = max(over, key=lambda word: word.box.y1)
    row = sorted((word for word in words if _same_row(word.box, lowest.box)), key=lambda word: word.box.x0)
    run: list[Word] = []
    for word in row:
        if run and word.box.x0 - run[-1].box.x1 > LABEL_GAP_EM * max(word.font_size, 1.0):
            if any(one is lowest for one in run):
                break
            run = []
        run.append(word)
    alone = run[0].box.x0 >= box.x0 - OVERHANG_PT and run[-1].box.x1 <= box.x1 + OVERHANG_PT
    filled = any(other.holds_center_of(word.box) for word in run for other in fields if other != box)
    return run if alone and not filled else []


def _in_sentence(
    box: Box, row: Box, beside: Sequence[Word], words: Sequence[Word], fields: Sequence[Box]
) -> bool:
    """Whether the field is a gap in running text: text leads up to it, and reads on after it."""
    if not beside:
        return False
    if any(_is_mark(word) for word in beside):
        return True
    first = beside[0].text[:1]
    if first in _GOES_ON or (first.islower() and not beside[-1].text.endswith(":")):
        return True
    size = max(beside[-1].font_size, 1.0)
    after = [
        word
        for word in words
        if _same_row(word.box, row)
        and -size <= word.box.x0 - box.x1 <= SENTENCE_GAP_EM * size
        and not any(other.holds_center_of(word.box) for other in fields)
    ]
    return any(word.text[:1].islower() or word.text[:1] in _GOES_ON for word in after)


def _may_be_cell(
    page: Page, box: Box, row: Box, label: _Label, words: Sequence[Word], fields: Sequence[Box]
) -> bool:
    """Whether a line that is no border of the field parts it from its label, or other fields adjoin it."""
    left = label.words[-1].box.x1 - 1
    parted = any(
        not ruling.horizontal
        and left <= ruling.box.center_x <= box.x0 + OVERHANG_PT
        and ruling.box.overlap_y(row) > 0
        and (ruling.box.y0 < box.y0 - OVERHANG_PT or ruling.box.y1 > box.y1 + OVERHANG_PT)
        for ruling in page.rulings
    )
    return parted or _goes_on(box, row, words, fields) or any(_stacked(box, other) for other in fields)


def _stacked(box: Box, other: Box) -> bool:
    """Whether the other field lies right above or below, as cells of one column do."""
    aligned = abs(box.x0 - other.x0) <= ADJOINING_PT and abs(box.x1 - other.x1) <= ADJOINING_PT
    return aligned and min(abs(box.y0 - other.y1), abs(box.y1 - other.y0)) <= ADJOINING_PT


def _goes_on(box: Box, row: Box, words: Sequence[Word], fields: Sequence[Box]) -> bool:
    """Whether the next thing in the row of a field is another field: then both may be cells."""
    right = [other.x0 for other in fields if other.x0 >= box.x1 - 1 and _same_row(other, row)]
    printed = [word.box.x0 for word in words if word.box.x0 >= box.x1 - 1 and _same_row(word.box, row)]
    return min(right, default=float("inf")) < min(printed, default=float("inf"))


def _label_of(words: Sequence[Word]) -> _Label | None:
    if not words:
        return None
    text = " ".join(word.text for word in words)
    if len(words) > LABEL_WORDS or len(text) > LABEL_LETTERS or not _LETTER.search(text):
        return None
    return _Label(tuple(words), text)


def _pair(field: FormField, label: str, value: Sequence[Word], words: tuple[Word, ...]) -> Region:
    text = joined(text_lines(value)) if "\n" not in field.value else field.value
    name = (label or field.label or field.name).rstrip(": ")
    box = around((field.box, *(word.box for word in words)))
    return Region("Text", box, text=f"{name}: {text}" if name else text, words=words, fields=(field,))


def _home(field: FormField, regions: Sequence[Region]) -> int | None:
    """The region that holds the field's words; else the smallest around its middle, else the nearest."""
    for index, region in enumerate(regions):
        meets = region.box.intersection(field.box).area > 0
        if field in region.fields or (meets and _inside(field.box, region.every_word)):
            return index
    holding = [index for index, region in enumerate(regions) if region.box.holds_center_of(field.box)]
    if holding:
        return min(holding, key=lambda index: regions[index].box.area)
    near: list[tuple[float, int]] = []
    for index, region in enumerate(regions):
        before = region.box.x1 <= field.box.center_x and region.box.overlap_y(field.box) > 0
        away = _away(region.box, field.box)
        if away <= (LABEL_REACH_PT if before else NEAR_PT):
            near.append((away, index))
    return min(near)[1] if near else None


def _away(box: Box, other: Box) -> float:
    down = max(0.0, box.y0 - other.y1, other.y0 - box.y1)
    return _apart(box, other) + down


def _with_fields(region: Region, fields: Sequence[FormField]) -> Region:
    new = tuple(field for field in fields if field not in region.fields)
    return replace(region, fields=(*region.fields, *new))


def settle_pairs(regions: Sequence[Region]) -> list[Region]:
    """The regions in their order; those that are fields and little else are typed as labelled values."""
    return [_settled(region) for region in regions]


def _settled(region: Region) -> Region:
    if not region.fields or region.type != "Text":
        return region
    if region.text is not None:
        return replace(region, type="Key Value")
    if all(any(_is_filling(word, field) for field in region.fields) for word in region.every_word):
        return replace(region, type="Key Value", text="\n".join(map(_own_text, region.fields)))
    marked = sum(any(_is_mark(word) for word in line.words) for line in region.lines)
    if 2 * marked >= len(region.lines):
        return replace(region, type="Key Value", apart=True)
    return region


def _is_filling(word: Word, field: FormField) -> bool:
    """Whether a word is what a field holds, and nothing printed."""
    if field.kind == "signature" or not _inside(field.box, [word]):
        return False
    return _is_mark(word) or _letters(word.text) in _letters(field.value)


def _is_mark(word: Word) -> bool:
    return word.text in {MARKED, UNMARKED}


def _alone(field: FormField) -> Region:
    """A field that stands nowhere near any text."""
    return Region("Text", field.box, text=_own_text(field), fields=(field,))


def _own_text(field: FormField) -> str:
    """A field without a printed label: its tooltip or name, and its value."""
    name = (field.label or field.name).rstrip(": ")
    value = field.value
    if field.kind in {"checkbox", "radio"}:
        value = f"{MARKED if field.checked else UNMARKED} {field.value}".strip()
    elif field.kind == "signature":
        value = "signed" if field.checked else ""
    return f"{name}: {value}".rstrip() if name else value
