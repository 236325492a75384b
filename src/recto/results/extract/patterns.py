"""A schema's pattern and a value in, whether the value has it out.

A pattern is a stranger's program, and most engines, Python's too, can be kept busy for years by a short one. Only
patterns are tried that cannot be slow on a value: few repeats, and none around a repeat or a choice. Any other
restricts nothing. Never changes a value.
"""

import re
import warnings
from functools import lru_cache

LONGEST_PATTERN, LONGEST_VALUE = 300, 100
"""Letters of a pattern that is tried, and of a value it is tried on."""
REPEAT, BRANCH, MOST_WORK = 6, 1, 19
"""What an open repeat and a choice add to the work on a value, in powers of two, and how much is too much: three
repeats and a choice take some 50 ms."""

_BACK_REFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")
_ONE_LETTER = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!]|P?<\w+>)")
_PART = re.compile(r"\{\d+\}|\{\d*,\d*\}|.", re.DOTALL)
_FIXED = re.compile(r"\{\d+\}")
_OPEN = re.compile(r"[*+]|\{\d*,\d*\}")


def fits(pattern: str, value: str) -> bool:
    """Whether a text has the pattern; one that cannot be read, or may be slow, restricts nothing.

    >>> fits("^[A-Z]+-[0-9]{2}$", "AB-12"), fits("^[A-Z]+-[0-9]{2}$", "AB-1"), fits("(", "AB-1")
    (True, False, True)
    """
    if len(value) > LONGEST_VALUE or not is_quick(pattern):
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of sets that later versions may read otherwise
            return re.search(pattern, value) is not None
    except (re.error, RecursionError, OverflowError):
        return True


@lru_cache(maxsize=1024)
def is_quick(pattern: str) -> bool:
    """Whether a pattern cannot be slow.

    >>> is_quick("^([0-9]{3}-){2}[0-9]+$"), is_quick("(a+)+$"), is_quick("(a|aa)*$")
    (True, False, False)
    """
    if len(pattern) > LONGEST_PATTERN or _BACK_REFERENCE.search(pattern):
        return False
    parts = _PART.findall(_GROUP.sub("(", _ONE_LETTER.sub("x", pattern)))
    repeats = sum(_OPEN.fullmatch(part) is not None for part in parts)
    branches = parts.count("|") + parts.count("?")
    if repeats * REPEAT + branches * BRANCH > MOST_WORK:
        return False
    return not _repeats_in_repeats(parts)


def _repeats_in_repeats(parts: list[str]) -> bool:
    """Whether a repeat stands around a group that holds an open repeat or a choice."""
    groups = [False]
    closed = False
    for part in parts:
        if _FIXED.fullmatch(part) or _OPEN.fullmatch(part):
            if closed:
                return True
            groups[-1] = groups[-1] or _OPEN.fullmatch(part) is not None
            continue
        closed = False
        if part == "(":
            groups.append(False)
        elif part == ")" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
        elif part in ("|", "?"):
            groups[-1] = True
    return False
