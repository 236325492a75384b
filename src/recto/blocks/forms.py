"""Words of a form in, Key Value regions out, and the words left over.

A form is a recognised page, or what looked like a table and is labels and values all over (`is_form`). Blanks and
phrases are found, paired by place, and said as lines "label: value", those whose labels stand below each other in
one region. A word is taken whole or not at all. Never changes regions that are there (see fields).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from recto.blocks.blanks import find_blanks
from recto.blocks.labelled_phrases import Phrases, cut_phrases
from recto.blocks.labels import is_label, is_pair
from recto.blocks.lines import Line, line_of, turn_of
from recto.blocks.pairing import MIN_PAIRS, SAME_EDGE_PT, Pair, pair_phrases
from recto.blocks.region import Region
from recto.document.block import Table
from recto.document.geometry import around
from recto.document.page import Page, Word

NEAR_EM = 1.6
"""White space between two pairs of one region, in font sizes, at most."""
PAIRED_SHARE = 0.5
"""Share of a table's filled cells that must be a label or its value for it to be a form: forms leave blanks."""


def is_form(table: Table) -> bool:
    """Whether a table without lines is a form: labels, each with its value to the right or below, in several rows."""
    if table.ruled:
        return False
    texts = {(cell.row, cell.column): cell.text for cell in table.cells if cell.text}
    paired: set[tuple[int, int]] = set()
    labelled: set[int] = set()
    for place, text in sorted(texts.items()):
        value = _place_of_value(place, texts)
        if is_pair(text) or value is not None:
            paired.update({place, value or place})
            labelled.add(place[0])
    return len(labelled) >= MIN_PAIRS and len(paired) >= PAIRED_SHARE * len(texts)


def _place_of_value(place: tuple[int, int], texts: Mapping[tuple[int, int], str]) -> tuple[int, int] | None:
    """Row and column of the cell that holds the value of the label at `place`; None where there is none."""
    if not is_label(texts[place]):
        return None
    row, column = place
    right = [other for other in texts if other[0] == row and other[1] > column]
    for value in (*sorted(right)[:1], (row + 1, column)):
        if value in texts and not is_label(texts[value]) and not is_pair(texts[value]):
            return value
    return None


def take_pairs(
    page: Page, words: Sequence[Word], *, certain: bool = False
) -> tuple[list[Region], tuple[Word, ...]]:
    """Labels and values that stand apart on a form, as regions, and the words left over.

    For recognised pages, before tables are looked for: what stands in columns there is a form more often than a
    table. `certain` says that the words are known to be those of a form.
    """
    upright = [word for word in words if turn_of(word) == 0]
    blanks = find_blanks(page, upright)
    blank_of = {id(word): place for place, blank in enumerate(blanks) for word in blank.words}
    phrases = cut_phrases(upright, blank_of)
    on = {
        id(line): blanks[blank_of[id(phrases.home[id(line.words[0])])]]
        for line in phrases.lines
        if id(phrases.home[id(line.words[0])]) in blank_of
    }
    pairs = _unbroken(pair_phrases(phrases.lines, on, certain=certain), phrases)
    taken = {id(phrases.home[id(word)]) for pair in pairs for word in _words_of(pair)}
    return _runs(pairs), tuple(word for word in words if id(word) not in taken)


def _words_of(pair: Pair) -> list[Word]:
    return [word for line in (*pair.label, *pair.value) for word in line.words]


def _unbroken(pairs: Sequence[Pair], phrases: Phrases) -> list[Pair]:
    """The pairs without those that hold only a piece of a word."""
    pieces = Counter(id(word) for word in phrases.home.values())
    held = Counter(id(phrases.home[id(word)]) for pair in pairs for word in _words_of(pair))
    return [
        pair
        for pair in pairs
        if all(held[id(home)] == pieces[id(home)] for home in (phrases.home[id(w)] for w in _words_of(pair)))
    ]


def _runs(pairs: Sequence[Pair]) -> list[Region]:
    """The pairs as regions, those whose labels stand below each other in one."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        run = next((run for run in runs if _stands_below(run[-1], pair)), None)
        if run is None:
            runs.append([pair])
        else:
            run.append(pair)
    return [_region(run) for run in runs]


def _stands_below(before: Pair, pair: Pair) -> bool:
    """Whether a pair follows another in one column: near, and with an edge of the labels or values in common."""
    gap = pair.box.y0 - before.box.y1
    if not -pair.label[0].size <= gap <= NEAR_EM * max(pair.label[0].size, 1.0):
        return False
    edges = zip(_edges(before), _edges(pair), strict=True)
    return any(abs(above - below) <= SAME_EDGE_PT for above, below in edges)


def _edges(pair: Pair) -> tuple[float, float, float]:
    value = pair.value[0].box
    return pair.label[0].box.x0, value.x0, value.x1


def _region(run: Sequence[Pair]) -> Region:
    lines = tuple(_line(pair) for pair in run)
    text = "\n".join(line.text for line in lines)
    return Region("Key Value", around(pair.box for pair in run), lines, text=text, apart=True)


def _line(pair: Pair) -> Line:
    """A pair as one line that reads "label: value", with the colon that forms leave to their lines and boxes."""
    label = [word for line in pair.label for word in line.words]
    if not label[-1].text.endswith(":"):
        label[-1] = replace(label[-1], text=f"{label[-1].text}:")
    value = [word for line in pair.value for word in line.words]
    return line_of((*label, replace(value[0], space_before=True), *value[1:]))
