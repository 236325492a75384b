"""Text as it came from a file in, text that every part of the server can keep out. Changes no other character."""

import re

REPLACEMENT = "\ufffd"

_HALF = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    r"""The text without what neither UTF-8 nor PostgreSQL can hold: U+0000 goes, half a character becomes U+FFFD.

    >>> storable("A\0 title")
    'A title'
    """
    return _HALF.sub(REPLACEMENT, text.replace("\0", ""))
