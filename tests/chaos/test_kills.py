"""Processes die in the middle of a long document. The job completes, nothing is done twice that was done.

One server with two workers, its settings as shipped except for the size of units. The last test kills it whole.
"""

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from chaos.receiver import Receiver, receiver
from conftest import RunningServer, running_server
from documents.pdfs import pages_pdf
from recto.storage.embedded import running_url

PAGES = 200
WORDS = 800  # per page, so that the document takes some ten seconds
UNIT_PAGES = 4
STANDSTILL_S = 15.0
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Unit:
    """A unit's row, as far as it says whether it was done again."""

    id: int
    kind: str
    status: str
    attempt: int
    worker: str | None
    result_key: str | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass
class Cluster:
    """A running server, what it posts, and a look into its database."""

    server: RunningServer
    hook: Receiver

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.server.url, headers=self.server.headers, timeout=30)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        url = running_url(self.server.data_dir)
        assert url is not None
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def units(self, job_id: str) -> list[Unit]:
        columns = ", ".join(Unit.__dataclass_fields__)
        return [
            Unit(*row)
            for row in self.rows(f"SELECT {columns} FROM unit WHERE job_id = %s ORDER BY id", job_id)
        ]

    def done(self, job_id: str) -> list[Unit]:
        return [unit for unit in self.units(job_id) if unit.status == "done"]

    def readers(self, job_id: str) -> set[int]:
        """The process ids of the workers that read for this job now (a worker's name holds its own)."""
        running = [unit for unit in self.units(job_id) if unit.status == "running" and unit.kind == "read"]
        return {int(unit.worker.rsplit("-", 2)[1]) for unit in running if unit.worker}

    def submit(self, document: bytes) -> str:
        with self.client() as client:
            uploaded = client.post("/upload", files={"file": ("long.pdf", document)}).json()
            webhook = {"mode": "direct", "url": self.hook.url}
            body = {"input": uploaded["file_id"], "async": {"webhook": webhook, "metadata": {"n": 1}}}
            answer = client.post("/parse_async", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()["job_id"]

    def job(self, job_id: str) -> dict[str, Any]:
        with self.client() as client:
            return client.get(f"/job/{job_id}").json()

    def listed_status(self, job_id: str) -> str:
        with self.client() as client:
            listed = client.get("/jobs").json()["jobs"]
        return next(job["status"] for job in listed if job["job_id"] == job_id)

    def completed(self, job_id: str) -> dict[str, Any]:
        until(lambda: self.job(job_id)["status"] in {"Completed", "Failed"}, PATIENCE_S)
        job = self.job(job_id)
        assert job["status"] == "Completed", job
        return job


def until(condition: Callable[[], object], seconds: float, pause_s: float = 0.05) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(pause_s)


def workers(cluster: Cluster) -> list[psutil.Process]:
    assert cluster.server.process is not None
    serve = psutil.Process(cluster.server.process.pid)
    found = []
    for child in serve.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie is one that has just ended
            if child.cmdline()[-1:] == ["worker"]:
                found.append(child)
    return found


def children(worker: psutil.Process) -> list[psutil.Process]:
    """The processes that read for a worker: below its fork server, one for each reader."""
    return [child for one in worker.children() for child in one.children()]


def longest_standstill_s(units: list[Unit]) -> float:
    ends = sorted(unit.ended_at for unit in units if unit.ended_at)
    return max((b - a).total_seconds() for a, b in itertools.pairwise(ends))


def check_whole(cluster: Cluster, job_id: str, before: list[Unit]) -> None:
    """The job has every page once, what was done before is untouched, and one webhook came."""
    job = cluster.completed(job_id)
    assert job["num_pages"] == PAGES
    assert job["warnings"] == []
    result = job["result"]["result"]
    if result["type"] == "url":
        result = httpx.get(result["url"], timeout=30).json()
    text = "\n".join(chunk["content"] for chunk in result["chunks"])
    numbers = [text.count(f"Page {number}\n") + text.count(f"Page {number} ") for number in (1, 77, PAGES)]
    assert numbers == [1, 1, 1]
    after = {unit.id: unit for unit in cluster.units(job_id)}
    assert [after[unit.id] for unit in before] == before, "a finished unit was done again"
    assert {unit.status for unit in after.values()} == {"done"}
    assert longest_standstill_s(list(after.values())) < STANDSTILL_S
    until(lambda: cluster.hook.about(job_id), 5)
    time.sleep(0.5)
    messages = cluster.hook.about(job_id)
    assert len({message.delivery for message in messages}) == 1
    assert len(messages) == 1
    assert messages[0].body == {"status": "Completed", "job_id": job_id, "metadata": {"n": 1}}


@pytest.fixture(scope="module")
def document() -> bytes:
    return pages_pdf(PAGES, WORDS)


@pytest.fixture(scope="module")
def slow_document() -> bytes:
    """Units of some ten seconds, longer than a stopped worker may go on: four pages with far too many words."""
    return pages_pdf(UNIT_PAGES * 2, 150_000)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("chaos")
    settings = {"workers": "2", "readers": "1", "ocr_readers": "0", "unit_pages": str(UNIT_PAGES)}
    with receiver() as hook, running_server(folder, **settings) as server:
        found = Cluster(server, hook)
        until(lambda: len(workers(found)) == 2, 10)
        yield found


def in_the_middle(cluster: Cluster, job_id: str, done: int = 10) -> list[Unit]:
    """Wait until so many units are done and both workers read on; gives the units that are done."""
    until(lambda: len(cluster.done(job_id)) >= done and len(cluster.readers(job_id)) == 2, PATIENCE_S)
    return cluster.done(job_id)


def test_a_worker_is_killed(cluster, document):
    job_id = cluster.submit(document)
    in_the_middle(cluster, job_id)
    victim = min(cluster.readers(job_id))
    os.kill(victim, signal.SIGKILL)
    before = cluster.done(job_id)
    assert len(before) < PAGES / UNIT_PAGES, "it was killed too late"
    check_whole(cluster, job_id, before)
    attempts = [unit.attempt for unit in cluster.units(job_id)]
    assert sorted(set(attempts)) in ([1], [1, 2])
    assert attempts.count(2) <= 1, "only what it held is done again"
    until(lambda: len(workers(cluster)) == 2, 10)


def test_a_job_is_cancelled(cluster, slow_document):
    job_id = cluster.submit(slow_document)
    until(lambda: len(cluster.readers(job_id)) == 2, PATIENCE_S)
    time.sleep(0.5)  # the children have the file open and are at it
    busy = [child for worker in workers(cluster) for child in children(worker)]
    assert len(busy) == 2
    with cluster.client() as client:
        assert client.post(f"/cancel/{job_id}").status_code == 200
    assert cluster.listed_status(job_id) == "Cancelled"
    _, alive = psutil.wait_procs(busy, timeout=2)
    assert alive == []
    states = {unit.status for unit in cluster.units(job_id)}
    assert "left out" in states, "it was still at work"
    assert states <= {"done", "left out"}
    until(lambda: cluster.hook.about(job_id), 5)
    assert cluster.hook.about(job_id)[0].body["status"] == "Failed"


def test_a_worker_is_told_to_stop(cluster, slow_document):
    until(lambda: len(workers(cluster)) == 2, 10)
    job_id = cluster.submit(slow_document)
    until(lambda: len(cluster.readers(job_id)) == 2, PATIENCE_S)
    stopped = min(cluster.readers(job_id))
    held = next(unit for unit in cluster.units(job_id) if unit.worker and f"-{stopped}-" in unit.worker)
    os.kill(stopped, signal.SIGTERM)
    until(lambda: stopped not in {worker.pid for worker in workers(cluster)}, 8)
    given_back = next(unit for unit in cluster.units(job_id) if unit.id == held.id)
    assert given_back.worker != held.worker
    assert given_back.attempt <= 1, "a unit that was given back has not been tried"
    assert cluster.job(job_id)["status"] == "Pending"
    with cluster.client() as client:
        client.post(f"/cancel/{job_id}")


def test_the_database_is_killed(cluster, document):
    """It comes back by itself, and so does everything that needs it, without a worker being started anew."""
    until(lambda: len(workers(cluster)) == 2, 10)
    before = {worker.pid for worker in workers(cluster)}
    job_id = cluster.submit(document)
    in_the_middle(cluster, job_id)
    assert cluster.server.process is not None
    serve = psutil.Process(cluster.server.process.pid)
    (database,) = [child for child in serve.children() if child.name().startswith("postgres")]
    done = cluster.done(job_id)
    database.kill()
    until(lambda: answers(cluster), 30)
    check_whole(cluster, job_id, done)
    assert {worker.pid for worker in workers(cluster)} == before


def answers(cluster: Cluster) -> bool:
    with cluster.client() as client, contextlib.suppress(httpx.HTTPError):
        return client.get("/jobs").status_code == 200
    return False


def test_everything_is_killed(cluster, document):
    until(lambda: len(workers(cluster)) == 2, 10)
    job_id = cluster.submit(document)
    before = in_the_middle(cluster, job_id)
    assert cluster.server.process is not None
    serve = psutil.Process(cluster.server.process.pid)
    for process in [serve, *serve.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    cluster.server.process.wait()
    began = time.monotonic()
    cluster.server.start()
    started_s = time.monotonic() - began
    assert started_s < STANDSTILL_S
    check_whole(cluster, job_id, before)
    assert max(unit.attempt for unit in cluster.units(job_id)) <= 2
