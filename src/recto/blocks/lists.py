"""Is this line the start of a list item? Line text in, bullet or number out; nesting levels by indentation.

Bullets are typographic signs or a lone dash at the start; numbers and letters need a closing mark ("1.", "a)",
"(iv)"). Whether a numbered line is a heading instead is decided over the whole document (headings), which
sees size and weight.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from recto.blocks.region import Region

BULLETS = "•‣⁃∙◦●○■□▪▫◆◇►▶➢➤✓✔❖➔→·\uf0b7\uf0a7\uf0d8\uf0a8\uf076\uf0fc\uf02d\uf06e"
"""Signs that are never letters of prose, with the private-use codes of symbol fonts."""
DASHES = "-–—*"
"""Signs that begin an item only when white space follows."""
LETTER_BULLETS = ("o", "§")
"""What office programs leave of symbol-font bullets."""
NOTE_SIGN = "*"
"""Where only one line begins with it, it is a note and no item."""
SAME_INDENT_PT = 6.0
"""Items whose left edges differ by less, in points, have one level."""
MAX_NESTING = 8
"""Deepest level told apart."""

_BULLET = re.compile(rf"^([{re.escape(BULLETS)}])\s*(?=\S)")
_DASH = re.compile(rf"^([{re.escape(DASHES)}])\s+(?=\S)")
_LETTER = re.compile(rf"^({'|'.join(LETTER_BULLETS)})\s+(?=[A-Z0-9])")
_NUMBER = re.compile(
    r"^(\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\[\d{1,3}\]|\d{1,2}(?:\.\d{1,2}){1,4}\.?|\d{1,2}\.[a-z]\.?)\s+(?=\S)"
)


def marker_of(text: str) -> str:
    """The bullet or number a line starts with, "" if it starts with none.

    >>> marker_of("b) the second"), marker_of("and so on")
    ('b)', '')
    """
    for pattern in (_BULLET, _DASH, _NUMBER, _LETTER):
        found = pattern.match(text)
        if found:
            return found.group(1)
    return ""


def is_bullet(marker: str) -> bool:
    """Whether the marker is a sign rather than a number or a letter."""
    return bool(marker) and (marker in BULLETS or marker in DASHES or marker in LETTER_BULLETS)


def without_marker(text: str, marker: str) -> str:
    """The item's own text."""
    return text[len(marker) :].lstrip() if marker and text.startswith(marker) else text


def nested(items: Sequence[Region]) -> list[Region]:
    """Regions in reading order with the level of each list item set from its indentation within its list.

    A list is a run of items with nothing between them; its leftmost indent is level 0. A lone line that begins
    with an asterisk is text.
    """
    found = list(items)
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and found[end].type == "List Item":
            end += 1
        if end == start + 1 and found[start].marker == NOTE_SIGN:
            found[start] = replace(found[start], type="Text", text=None, marker="")
        elif end > start:
            found[start:end] = _levels(found[start:end])
        start = max(end, start + 1)
    return found


def _levels(run: Sequence[Region]) -> list[Region]:
    edges: list[float] = []
    for edge in sorted(region.box.x0 for region in run):
        if not edges or edge - edges[-1] > SAME_INDENT_PT:
            edges.append(edge)
    levelled: list[Region] = []
    for region in run:
        level = max(i for i, edge in enumerate(edges) if region.box.x0 >= edge - 1e-6)
        levelled.append(replace(region, level=min(level, MAX_NESTING)))
    return _without_jumps(levelled)


def _without_jumps(run: list[Region]) -> list[Region]:
    """No item lies more than one level below the one before it (columns side by side look like that)."""
    fixed = [replace(run[0], level=min(run[0].level, 0))]
    for before, region in pairwise(run):
        deepest = fixed[-1].level + (1 if region.level > before.level else 0)
        fixed.append(replace(region, level=min(region.level, deepest)))
    return fixed
