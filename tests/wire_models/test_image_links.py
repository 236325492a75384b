import json
import uuid
from collections.abc import AsyncIterator

import pytest

from recto.wire.image_links import LONGEST_NAME, named, streamed_with_links, with_links

JOB = str(uuid.UUID(int=7))
KEYS = [f"jobs/{JOB}/images/{name}.png" for name in ("1", "1-0", "12-345", "10000-99999")]


async def link_to(key: str) -> str:
    return f'https://files.example/{key}?sign="ä"&until=9'


def stored(keys, filler: int = 0) -> bytes:
    blocks = [{"content": "x" * filler, "image_url": named(key)} for key in keys]
    return json.dumps({"blocks": blocks, "pages": [{"image_url": None}]}, separators=(",", ":")).encode()


async def in_pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def test_every_picture_gets_its_link():
    linked = json.loads(await with_links(stored(KEYS), link_to))
    assert [block["image_url"] for block in linked["blocks"]] == [await link_to(key) for key in KEYS]
    assert linked["pages"] == [{"image_url": None}]


@pytest.mark.parametrize("size", [1, 7, 50, LONGEST_NAME - 1, LONGEST_NAME + 1, 1000, 100_000])
async def test_pieces_say_the_same_wherever_they_are_cut(size):
    body = stored(KEYS * 3, filler=61)
    found = b"".join([piece async for piece in streamed_with_links(in_pieces(body, size), link_to)])
    assert found == await with_links(body, link_to)


async def test_a_body_without_pictures_stays_as_it_is():
    body = stored([])
    assert await with_links(body, link_to) == body
    assert b"".join([piece async for piece in streamed_with_links(in_pieces(body, 5), link_to)]) == body


@pytest.mark.parametrize(
    "content",
    [
        f'"image_url":"{named(KEYS[0])}"',
        named(KEYS[0]),
        f'\\"image_url\\":\\"{named(KEYS[0])}\\"',
    ],
)
async def test_the_text_of_a_document_names_nothing(content):
    body = json.dumps({"content": content, "image_url": None}, separators=(",", ":")).encode()
    assert await with_links(body, link_to) == body


@pytest.mark.parametrize(
    "key",
    [f"jobs/{JOB}/result.json", f"jobs/{JOB}/images/../source", "uploads/1.png", f"jobs/{JOB}/images/a.png"],
)
async def test_only_pictures_of_jobs_are_linked(key):
    body = stored([key])
    assert await with_links(body, link_to) == body
