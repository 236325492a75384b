"""Documents that a worker keeps near: fetched once, bounded, gone with their job."""

import asyncio
from uuid import UUID

import pytest

from recto.errors import NotFound
from recto.jobs.sources import Sources
from recto.storage.objects import Objects, open_objects

ONE, OTHER = UUID(int=1), UUID(int=2)


class Counting(Objects):
    """A storage that counts how often each object was fetched."""

    def __init__(self):
        memory = open_objects("memory:///")
        super().__init__(memory._store, "memory")
        self.fetched = []

    async def fetch(self, key, path):
        self.fetched.append(key)
        await asyncio.sleep(0.02)
        return await super().fetch(key, path)


@pytest.fixture
async def objects():
    store = Counting()
    for name in "abc":
        await store.put_bytes(f"uploads/{name}.pdf", name.encode() * 100)
    return store


async def read(sources, key, job_id=ONE):
    async with sources.file(job_id, key) as path:
        assert path.suffix == ".pdf"
        return path.read_bytes()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_units_at_the_same_time_and_later_share_one_fetch(objects, tmp_path):
    sources = Sources(objects, tmp_path, 1000)
    found = await asyncio.gather(*(read(sources, "uploads/a.pdf") for _ in range(5)))
    found.append(await read(sources, "uploads/a.pdf"))
    assert found == [b"a" * 100] * 6
    assert objects.fetched == ["uploads/a.pdf"]


async def test_those_used_longest_ago_go_first(objects, tmp_path):
    sources = Sources(objects, tmp_path, 250)
    for name in "abac":
        await read(sources, f"uploads/{name}.pdf")
    assert sources.kept_bytes == 200
    assert {path.name for path in files(tmp_path)} == {"a.pdf", "c.pdf"}


async def test_what_is_being_read_stays_however_large(objects, tmp_path):
    sources = Sources(objects, tmp_path, 0)
    async with sources.file(ONE, "uploads/a.pdf") as path:
        await read(sources, "uploads/b.pdf")
        sources.job_ended(ONE)
        assert path.read_bytes() == b"a" * 100
    assert files(tmp_path) == []


async def test_a_document_goes_with_the_last_job_that_used_it(objects, tmp_path):
    sources = Sources(objects, tmp_path, 1000)
    for job_id in (ONE, OTHER):
        await read(sources, "uploads/a.pdf", job_id)
    sources.job_ended(ONE)
    assert len(files(tmp_path)) == 1
    sources.job_ended(OTHER)
    assert list(tmp_path.iterdir()) == []


async def test_a_fetch_that_failed_is_tried_again(objects, tmp_path):
    sources = Sources(objects, tmp_path, 1000)
    with pytest.raises(NotFound):
        await read(sources, "uploads/d.pdf")
    await objects.put_bytes("uploads/d.pdf", b"d")
    assert await read(sources, "uploads/d.pdf") == b"d"


async def test_one_who_gives_up_does_not_stop_the_others(objects, tmp_path):
    sources = Sources(objects, tmp_path, 1000)
    impatient = asyncio.create_task(read(sources, "uploads/a.pdf"))
    patient = asyncio.create_task(read(sources, "uploads/a.pdf"))
    await asyncio.sleep(0.005)
    impatient.cancel()
    assert await patient == b"a" * 100


async def test_a_folder_s_own_files_are_handed_out(tmp_path):
    store = open_objects((tmp_path / "store").as_uri())
    await store.put_bytes("uploads/a.pdf", b"a")
    sources = Sources(store, tmp_path / "scratch", 0)
    async with sources.file(ONE, "uploads/a.pdf") as path:
        assert path.is_relative_to(tmp_path / "store")
    assert sources.kept_bytes == 0
