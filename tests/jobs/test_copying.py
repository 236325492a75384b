"""A result taken over by jobid://: complete in itself, not billed, and honest about options that came too late."""

from dataclasses import replace
from uuid import uuid4

import pytest

from recto.document.options import ChunkOptions, PageSpan, ParseOptions
from recto.errors import NotFound
from recto.jobs.copying import copy_result, ignored
from recto.storage.objects import open_objects
from recto.wire.image_links import with_links

PLAIN = ParseOptions()
RANGE = replace(PLAIN, read=replace(PLAIN.read, pages=(PageSpan(1, 1),)))


@pytest.fixture
def objects(tmp_path):
    return open_objects(f"file://{tmp_path}/objects")


async def parsed(yard, objects, *, pictures=True):
    """A completed job as a worker leaves it, its objects in the storage."""
    job_id = await yard.parse()
    image = f"jobs/{job_id}/images/1-0.png"
    result = b'{"chunks":[],"image_url":"recto-object:%s"}' % image.encode() if pictures else b'{"chunks":[]}'
    await objects.put_bytes(f"jobs/{job_id}/result.json", result)
    await objects.put_bytes(f"jobs/{job_id}/source", b"%PDF-")
    if pictures:
        await objects.put_bytes(image, b"PNG")
    summary = {"usage": {"num_pages": 2, "credits": 3.0, "credit_breakdown": {"page": 2.0, "complex": 1.0}}}
    return replace(
        await yard.job(job_id),
        result_key=f"jobs/{job_id}/result.json",
        result_bytes=len(result),
        summary=summary | ({"pictures": True} if pictures else {}),
        source={"key": f"jobs/{job_id}/source", "kind": "pdf", "readable": f"jobs/{job_id}/readable.pdf"},
        pages_done=2,
        warnings=["Page 2 could not be read: it is torn."],
    )


async def links_of(objects, key):
    """The objects of pictures that a stored result names."""
    named = []

    async def link(picture):
        named.append(picture)
        return "link"

    await with_links(await objects.get_bytes(key), link)
    return named


async def test_a_copy_outlives_its_original_and_the_copy_of_a_copy_both(yard, objects):
    first, second_id, third_id = await parsed(yard, objects), uuid4(), uuid4()
    copied = await copy_result(objects, second_id, PLAIN, first, PLAIN)
    await objects.delete_prefix(f"jobs/{first.id}")
    second = replace(
        first,
        id=second_id,
        result_key=copied.result_key,
        summary=copied.summary,
        source=copied.source,
    )
    copied = await copy_result(objects, third_id, PLAIN, second, PLAIN)
    await objects.delete_prefix(f"jobs/{second_id}")
    assert copied.result_key == f"jobs/{third_id}/result.json"
    assert await links_of(objects, copied.result_key) == [f"jobs/{third_id}/images/1-0.png"]
    assert await objects.get_bytes(f"jobs/{third_id}/images/1-0.png") == b"PNG"
    assert await objects.get_bytes(copied.source["key"]) == b"%PDF-"
    assert copied.source["readable"] is None
    assert copied.result_bytes == await objects.size(copied.result_key)
    assert copied.summary["pictures"]


async def test_a_copy_costs_nothing_and_keeps_its_pages_and_warnings(yard, objects):
    first = await parsed(yard, objects, pictures=False)
    copied = await copy_result(objects, uuid4(), RANGE, first, PLAIN)
    usage = copied.summary["usage"]
    assert (usage["num_pages"], usage["credits"], usage["credit_breakdown"]) == (2, 0.0, {})
    torn, told = copied.warnings
    assert "torn" in torn
    assert "settings.page_range" in told


async def test_an_upload_stays_where_it_is(yard, objects):
    first = await parsed(yard, objects, pictures=False)
    first = replace(first, source={"key": "uploads/o/u.pdf", "kind": "pdf"})
    copied = await copy_result(objects, uuid4(), PLAIN, first, PLAIN)
    assert copied.source["key"] == "uploads/o/u.pdf"


async def test_what_is_being_deleted_cannot_be_copied(yard, objects):
    first = await parsed(yard, objects)
    await objects.delete_prefix(f"jobs/{first.id}")
    with pytest.raises(NotFound):
        await copy_result(objects, uuid4(), PLAIN, first, PLAIN)


def test_options_that_change_nothing_are_not_called_ignored():
    one = uuid4()
    assert ignored(one, PLAIN, RANGE) == ()
    assert ignored(one, RANGE, RANGE) == ()
    asked = replace(RANGE, chunks=ChunkOptions(mode="page"), result=replace(PLAIN.result, force_url=True))
    (sentence,) = ignored(one, asked, PLAIN)
    assert str(one) in sentence
    assert "settings.page_range, retrieval.chunking." in sentence
