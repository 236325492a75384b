"""What a worker process keeps by itself: its scratch folder, and an eye on the jobs it works for."""

import asyncio
import subprocess
import sys
from types import SimpleNamespace

from job_yard import LEASE_S
from recto.errors import NotAvailable
from recto.jobs import worker
from recto.jobs.children import Children
from recto.jobs.sources import Sources
from recto.jobs.taking import Seat, Slots
from recto.jobs.units import UnitRunner, Workshop
from recto.jobs.worker import Worker, make_scratch
from recto.storage.objects import open_objects

MAKES_SCRATCH = """
import sys
from pathlib import Path
from recto.jobs.worker import make_scratch
print(make_scratch(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def other_process(root):
    """Another worker's process that has its scratch folder and lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKES_SCRATCH, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def names(root):
    return {path.name for path in root.iterdir() if path.is_dir()}


def test_only_scratch_folders_of_the_dead_are_removed(tmp_path):
    process, theirs = other_process(tmp_path)
    with process:
        old = tmp_path / "4711"  # as an earlier version left them
        old.mkdir()
        (tmp_path / theirs / "half-read").write_bytes(b"x")
        mine = make_scratch(tmp_path)
        assert names(tmp_path) == {mine.name, theirs.rpartition("/")[2]}
        process.stdin.close()
        process.wait(10)
    third = make_scratch(tmp_path)
    assert names(tmp_path) == {mine.name, third.name}, "the process is gone, and nobody else's folder"


def workshop(yard, tmp_path, children):
    objects = open_objects("memory:///")
    return Workshop(
        name="w",
        database=yard.database,
        objects=objects,
        sources=Sources(objects, tmp_path, 0),
        children=children,
        fetcher=None,
        secrets=None,
        scratch=tmp_path,
        unit_timeout_s=30,
        lease_s=LEASE_S,
    )


async def test_pages_left_to_recognise_are_named_where_recognition_is_off(yard, tmp_path):
    job_id = await yard.parse()
    await yard.take_in(job_id, "w", 2)
    await yard.rows("DELETE FROM unit WHERE job_id = :id AND kind = 'read'", id=job_id)
    await yard.rows("INSERT INTO unit (job_id, kind, pages) VALUES (:id, 'ocr', '{2}')", id=job_id)
    recorder = yard.recorder("w", ocr=False)
    children = Children(1, 0, 512, 512)
    try:
        runner = UnitRunner(workshop(yard, tmp_path, children), recorder)
        held = await yard.claim_unit(await yard.open_unit(job_id), "w")
        await runner.run(held, await yard.job(job_id), Seat(Slots(lambda _: 1), "ocr"))
    finally:
        children.stop()
    assert ("ocr", "failed", 1) in await yard.unit_states(job_id)
    job = await yard.job(job_id)
    assert job.status == "Failed", "nothing else was read of this document"
    assert "RECTO_OCR_READERS" in job.error["message"]
    assert NotAvailable.__name__ in str(
        await yard.rows("SELECT error FROM unit WHERE job_id = :id", id=job_id)
    )


async def test_a_cancelled_job_is_stopped_though_no_notice_came(yard, monkeypatch):
    monkeypatch.setattr(worker, "ENDED_EVERY_S", 0.02)
    job_id, other = await yard.parse(), await yard.parse()
    killed, stopped = [], asyncio.Event()
    runner = SimpleNamespace(jobs_in_hand={job_id, other}, job_ended=lambda _: stopped.set())
    made = Worker(
        name="w",
        database=yard.database,
        engine=yard.engine,
        children=SimpleNamespace(kill_job=killed.append),
        flow=yard.flow,
        runner=runner,
        fleet=None,
        taker=None,
        courier=None,
        reconciler=None,
        sweeper=None,
        lease_s=LEASE_S,
    )
    looking = asyncio.create_task(made._stop_ended())
    await asyncio.sleep(0.2)
    assert killed == []
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
    async with asyncio.timeout(5):
        await stopped.wait()
    looking.cancel()
    assert set(killed) == {job_id}
