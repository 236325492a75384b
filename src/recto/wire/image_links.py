"""Pictures named in a stored result, and the links put in their place when it is handed out.

A stored result must not hold links, which end after an hour, so it names the objects of its pictures. Bytes of
the stored JSON in, the same bytes with a link for every name out, whole or in pieces. Only the values of
`image_url` are replaced, and only names of pictures of a job: within a text of the document the quotation marks
would be escaped, so that no document can name an object. It signs nothing; see api/answers.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

MARK = "recto-object:"
_NAMED = re.compile(rb'"image_url":"recto-object:(jobs/[0-9a-f-]{36}/images/\d+(?:-\d+)?\.png)"')
LONGEST_NAME = 160
"""Bytes of the longest entry of that form; so much of a piece waits for the next one."""

Linking = Callable[[str], Awaitable[str]]


def named(key: str) -> str:
    """How a stored result names the object of a picture."""
    return MARK + key


async def with_links(body: bytes, link_to: Linking) -> bytes:
    """The body with a link for every picture it names; `link_to` makes the link to an object's key."""
    done, at = bytearray(), 0
    for found in _NAMED.finditer(body):
        link = await link_to(found[1].decode())
        done += body[at : found.start()] + b'"image_url":' + msgspec.json.encode(link)
        at = found.end()
    return bytes(done) + body[at:] if at else body


async def streamed_with_links(pieces: AsyncIterator[bytes], link_to: Linking) -> AsyncIterator[bytes]:
    """The same for a body that comes in pieces; holds back no more than the longest entry."""
    waiting = b""
    async for piece in pieces:
        waiting += piece
        cut = _safe_cut(waiting, max(0, len(waiting) - LONGEST_NAME))
        yield await with_links(waiting[:cut], link_to)
        waiting = waiting[cut:]
    yield await with_links(waiting, link_to)


def _safe_cut(body: bytes, cut: int) -> int:
    """A place at or before `cut` that lies inside no entry."""
    for found in _NAMED.finditer(body, max(0, cut - LONGEST_NAME)):
        if found.start() < cut < found.end():
            return found.start()
    return cut
