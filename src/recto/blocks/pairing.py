"""Phrases of a form in, pairs of label and value out, by where they stand.

The rules, in this order, each on what the ones before have left over: a value to the right of a label that ends
in a colon; a value on a blank with its label before or below it; a number after the few labels without colon; a
value below a label; a mark beside a choice. A value goes on in the lines below it that begin where it
begins, or where its label does when a sentence fills its line.
Only forms are read so: pages with several labels whose values stand apart, or on blanks. Never looks at what a
value says beyond whether it is a label itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from recto.blocks.blanks import Blank
from recto.blocks.labels import (
    MARKS,
    is_caption,
    is_currency,
    is_enumerator,
    is_heading_label,
    is_label,
    is_pair,
    is_titled,
    names_number,
)
from recto.blocks.lines import Line, line_of
from recto.blocks.paragraphs import SENTENCE_ENDS
from recto.document.geometry import Box, around

MIN_PAIRS = 2
"""Fewer pairs than this may be chance: the page is no form."""
MIN_TOUCHING_PAIRS = 3
"""The same where no value stands apart from its label."""
TOUCHING_VALUE_WORDS = 8
"""Words of a value after a label without a gap, above which it may be prose."""
LONG_LINE_WORDS = 6
"""A line of so many words is one of prose more often than of a form."""
PROSE_SHARE = 0.5
"""Share of a page's words in such lines above which it is a page of prose."""
MIN_PAIRS_IN_PROSE = 4
"""Pairs without gaps that show a page of prose to be, in part, a form."""
SAME_EDGE_PT = 3.0
"""Left edges of lines that go on differ by no more than this, in points."""
SAME_ROW_SHARE = 0.5
"""Share of the lower line's height that label and value must have in common to stand side by side."""
FARTHEST_PT = 220.0
"""White space between a label and its value, in points, at most: a third of a page, as on forms with tab stops."""
WIDE_GAP_EM = 1.7
"""White space, in font sizes, after a colon that only forms have: the gap at which lines are cut."""
GOES_ON_EM = 0.8
"""White space between the lines of one value, in font sizes, at most."""
BENEATH_EM = 2.0
"""White space between a label and the value below it, in font sizes, at most."""
OVER_BLANK_EM = 4.0
"""White space between a label and the blank below it, in font sizes, at most."""
INDENT_EM = 3.0
"""How far, in font sizes, a value begins right of the label above it."""
OUTDENT_EM = 1.0
"""And how far left of it."""
BESIDE_BLANK_EM = 2.0
"""White space between a label and its blank, in font sizes, at most."""
BELOW_BLANK_EM = 1.2
"""White space between a blank and the label below it, in font sizes, at most."""
STACKED_EM = 0.5
"""White space between the two lines of one label, in font sizes, at most."""
STACKED_WORDS = 3
"""Words of the first line of a label of two lines, at most."""
BESIDE_MARK_EM = 4.0
"""White space between a mark and its choice, in font sizes, at most."""
CHOICE_WORDS = 4
"""Words of a choice, at most."""
NUMBER_WORDS = 4
"""Words of a number that follows a label without colon, at most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The phrases of a label and those of its value, each in reading order."""

    label: tuple[Line, ...]
    value: tuple[Line, ...]

    @property
    def box(self) -> Box:
        return around(line.box for line in (*self.label, *self.value))

    @property
    def is_apart(self) -> bool:
        """Whether label and value stand further apart than words of one line, or below each other."""
        label, value = self.label[-1], self.value[0]
        if not _same_row(label, value):
            return True
        return value.box.x0 - label.box.x1 > WIDE_GAP_EM * label.size


@dataclass(slots=True)
class _Found:
    """The pairs found so far, and the phrases they hold by identity."""

    pairs: list[Pair] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def free(self, line: Line) -> bool:
        return id(line) not in self.taken

    def add(self, label: Sequence[Line], value: Sequence[Line]) -> None:
        self.pairs.append(Pair(tuple(label), tuple(value)))
        self.taken.update(map(id, (*label, *value)))


def pair_phrases(
    phrases: Sequence[Line], blanks: Mapping[int, Blank], *, certain: bool = False
) -> list[Pair]:
    """The pairs among the phrases of a page, top to bottom; none where the page is no form.

    `blanks` are the blanks on which phrases stand, by the identity of the phrase. `certain` says that something
    else shows the phrases to be those of a form. No phrase is in two pairs.
    """
    found = _Found()
    _pair_beside(phrases, found)
    _pair_on_blanks(phrases, blanks, found)
    if not certain and not _is_form(found.pairs, phrases):
        return []
    _pair_numbers(phrases, found)
    _pair_beneath(phrases, blanks, found)
    _pair_marks(phrases, found)
    whole = _with_first_lines(_with_following_lines(phrases, found), phrases, found)
    return sorted(whole, key=lambda pair: (pair.label[0].box.y0, pair.label[0].box.x0))


def _is_form(pairs: Sequence[Pair], phrases: Sequence[Line]) -> bool:
    if sum(pair.is_apart for pair in pairs) >= MIN_PAIRS:
        return True
    short = [pair for pair in pairs if len(pair.value[0].words) <= TOUCHING_VALUE_WORDS]
    long = sum(len(line.words) for line in phrases if len(line.words) >= LONG_LINE_WORDS)
    if long > PROSE_SHARE * sum(len(line.words) for line in phrases):
        return sum(map(_is_filled_in, short)) >= MIN_PAIRS_IN_PROSE
    return len(short) >= MIN_TOUCHING_PAIRS


def _is_filled_in(pair: Pair) -> bool:
    """Whether a pair looks filled in: no caption with its number, no abbreviation with its meaning."""
    numbered = any(map(str.isdigit, pair.label[-1].text))
    return not numbered and not pair.value[0].text[:1].islower()


def _pair_on_blanks(phrases: Sequence[Line], blanks: Mapping[int, Blank], found: _Found) -> None:
    """What stands on a blank, with the label before it, else below it. One label below a line may be chance."""
    below: list[tuple[list[Line], Line]] = []
    for value in phrases:
        blank = blanks.get(id(value))
        if blank is None or not found.free(value) or _is_labelled(value):
            continue
        before = _before_blank(value, blank, phrases, blanks, found)
        if before is not None and not is_enumerator(before.text):
            found.add((before,), (value,))
            continue
        caption = _below_blank(value, blank, phrases, blanks, found)
        if caption is not None:
            below.append(([caption] if before is None else [before, caption], value))
    if len(below) >= MIN_PAIRS:
        for label, value in below:
            if all(map(found.free, label)):
                found.add(label, (value,))


def _before_blank(
    value: Line, blank: Blank, phrases: Sequence[Line], blanks: Mapping[int, Blank], found: _Found
) -> Line | None:
    near = [
        line
        for line in phrases
        if line is not value
        and found.free(line)
        and id(line) not in blanks
        and _same_row(line, value)
        and -line.size <= blank.line.x0 - line.box.x1 <= BESIDE_BLANK_EM * line.size
    ]
    nearest = max(near, key=lambda line: line.box.x1, default=None)
    if nearest is None:
        return None
    named = is_label(nearest.text) or is_caption(nearest.text) or is_enumerator(nearest.text)
    return nearest if named else None


def _below_blank(
    value: Line, blank: Blank, phrases: Sequence[Line], blanks: Mapping[int, Blank], found: _Found
) -> Line | None:
    near = [
        line
        for line in phrases
        if found.free(line)
        and id(line) not in blanks
        and -line.size / 2 <= line.box.y0 - blank.line.y0 <= BELOW_BLANK_EM * line.size
        and line.box.y1 > value.box.y1
        and blank.line.x0 - BESIDE_BLANK_EM * line.size <= line.box.x0 < blank.line.x1
        and is_caption(line.text)
        and not line.text.endswith(":")
        and not (is_caption(value.text) and value.text.isupper())
    ]
    return min(near, key=lambda line: abs(line.box.x0 - blank.line.x0), default=None)


def _pair_beside(phrases: Sequence[Line], found: _Found) -> None:
    """Labels with a colon, each with the nearest phrase to its right on the same row."""
    for label in phrases:
        if not found.free(label) or not is_label(label.text):
            continue
        value = beside(label, phrases)
        if value is None or not found.free(value):
            continue
        amount = beside(value, phrases) if is_currency(value.text) else None
        counted = amount is not None and found.free(amount) and any(map(str.isdigit, amount.text))
        found.add((label,), (value, amount) if amount is not None and counted else (value,))


def beside(label: Line, phrases: Sequence[Line]) -> Line | None:
    """The nearest phrase to the right on the same row, unless it is a label or a pair itself."""
    right = [
        line
        for line in phrases
        if line is not label
        and line.box.x0 >= label.box.x1 - 1
        and line.box.x0 - label.box.x1 <= FARTHEST_PT
        and _same_row(line, label)
    ]
    nearest = min(right, key=lambda line: line.box.x0, default=None)
    labelled = nearest is None or _is_labelled(nearest) or is_pair(nearest.text)
    return None if labelled else nearest


def _pair_numbers(phrases: Sequence[Line], found: _Found) -> None:
    """Numbers after "Fax No." and its like, on one phrase or on two side by side."""
    for line in phrases:
        if not found.free(line) or _is_labelled(line):
            continue
        cut = next(
            (
                at
                for at in range(1, len(line.words))
                if len(line.words) - at <= NUMBER_WORDS
                and names_number(line_of(line.words[:at]).text, line.words[at].text)
            ),
            0,
        )
        if cut:
            found.pairs.append(Pair((line_of(line.words[:cut]),), (line_of(line.words[cut:]),)))
            found.taken.add(id(line))
            continue
        value = beside(line, phrases)
        if value is not None and found.free(value) and names_number(line.text, value.text):
            found.add((line,), (value,))


def _pair_beneath(phrases: Sequence[Line], blanks: Mapping[int, Blank], found: _Found) -> None:
    """Labels on a line of their own, each with what stands below."""
    for label in phrases:
        if not found.free(label) or not is_heading_label(label.text):
            continue
        value = _beneath(label, phrases, blanks, found)
        if value is not None:
            found.add((label,), (value,))


def _beneath(label: Line, phrases: Sequence[Line], blanks: Mapping[int, Blank], found: _Found) -> Line | None:
    """The nearest phrase below, unless it is a label, stands beside one, or is taken."""
    below = [
        line
        for line in phrases
        if line is not label
        and line.box.center_y > label.box.y1
        and _is_under(line, label, blanks.get(id(line)))
    ]
    nearest = min(below, key=lambda line: (line.box.y0, abs(line.box.x0 - label.box.x0)), default=None)
    if nearest is None or not found.free(nearest) or _is_labelled(nearest):
        return None
    reach = OVER_BLANK_EM if id(nearest) in blanks else BENEATH_EM
    return nearest if nearest.box.y0 - label.box.y1 <= reach * max(label.size, nearest.size) else None


def _is_under(line: Line, label: Line, blank: Blank | None) -> bool:
    """Whether a phrase, or the blank it stands on, begins below the label, or the phrase is centred there."""
    left = line.box.x0 if blank is None else blank.line.x0
    begins = -OUTDENT_EM * label.size <= left - label.box.x0 <= INDENT_EM * label.size
    return begins or label.box.x0 <= line.box.center_x <= label.box.x1


def _pair_marks(phrases: Sequence[Line], found: _Found) -> None:
    """Marks that stand alone, each with the nearest short phrase on its row."""
    for mark in phrases:
        if mark.text.strip("_. ") not in MARKS or not found.free(mark):
            continue
        beside = [line for line in phrases if line is not mark and _same_row(line, mark)]
        nearest = min(beside, key=lambda line: _gap(line, mark), default=None)
        if nearest is None or not found.free(nearest) or _gap(nearest, mark) > BESIDE_MARK_EM * mark.size:
            continue
        if len(nearest.words) <= CHOICE_WORDS and is_titled(nearest.text):
            found.add((nearest,), (mark,))


def _gap(line: Line, other: Line) -> float:
    return max(line.box.x0 - other.box.x1, other.box.x0 - line.box.x1)


def _with_following_lines(phrases: Sequence[Line], found: _Found) -> list[Pair]:
    """The pairs, each value with the lines that go on below it."""
    whole: list[Pair] = []
    by_height = sorted(phrases, key=lambda line: line.box.y0)
    for pair in found.pairs:
        parts = list(pair.value)
        for line in by_height:
            if found.free(line) and _goes_on(pair.label[-1], parts, line, phrases):
                parts.append(line)
                found.taken.add(id(line))
        whole.append(Pair(pair.label, tuple(parts)))
    return whole


def _goes_on(label: Line, parts: Sequence[Line], line: Line, phrases: Sequence[Line]) -> bool:
    below = line.box.y0 - parts[-1].box.y1
    level = abs(line.box.x0 - parts[0].box.x0) <= SAME_EDGE_PT
    return (
        -line.box.height / 2 < below <= GOES_ON_EM * parts[-1].size
        and (level or _wraps(label, parts, line))
        and not _is_labelled(line)
        and not any(_same_row(other, line) and other.box.x1 < line.box.x0 for other in phrases)
    )


def _wraps(label: Line, parts: Sequence[Line], line: Line) -> bool:
    """Whether a sentence that fills its line goes on below, under its label or a little to the right."""
    last, first = parts[-1], parts[0]
    if last.text.endswith(SENTENCE_ENDS) or last.box.x1 < line.box.x1 - INDENT_EM * line.size:
        return False
    under = abs(line.box.x0 - label.box.x0) <= SAME_EDGE_PT
    hanging = 0 < line.box.x0 - first.box.x0 <= INDENT_EM * line.size
    sentence = len(last.words) >= LONG_LINE_WORDS or line.text[0].islower()
    return (under or hanging) and sentence


def _with_first_lines(pairs: Sequence[Pair], phrases: Sequence[Line], found: _Found) -> list[Pair]:
    """The pairs, each label with the line above it where the label has two."""
    whole: list[Pair] = []
    for pair in pairs:
        first = _first_line(pair, phrases, found)
        if first is not None:
            found.taken.add(id(first))
            pair = Pair((first, *pair.label), pair.value)  # noqa: PLW2901  (the same pair, made whole)
        whole.append(pair)
    return whole


def _first_line(pair: Pair, phrases: Sequence[Line], found: _Found) -> Line | None:
    label = pair.label[0]
    if not _same_row(label, pair.value[0]):
        return None
    near = [
        line
        for line in phrases
        if found.free(line)
        and abs(line.box.x0 - label.box.x0) <= SAME_EDGE_PT
        and -label.box.height / 2 < label.box.y0 - line.box.y1 <= STACKED_EM * label.size
        and len(line.words) <= STACKED_WORDS
        and is_caption(line.text)
    ]
    if len(near) != 1:
        return None
    alone = not any(other is not near[0] and _same_row(other, near[0]) for other in phrases)
    return near[0] if alone else None


def _is_labelled(line: Line) -> bool:
    return is_label(line.text) or is_heading_label(line.text)


def _same_row(line: Line, other: Line) -> bool:
    return line.box.overlap_y(other.box) >= SAME_ROW_SHARE * min(line.box.height, other.box.height)
