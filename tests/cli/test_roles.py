"""`recto api` and `recto worker` as roles of their own on one database, and what happens when that is away."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from reducto import RateLimitError, Reducto

from conftest import COMMAND, KEY, free_port
from documents.pdfs import pages_pdf
from recto.storage.embedded import EmbeddedPostgres

DEPTH = 4
DISK_BYTES = 24 * 1024 * 1024
PATIENCE_S = 40.0


@dataclass
class Site:
    """A database, a storage, and an API on them; workers are started by the tests."""

    folder: Path
    postgres: EmbeddedPostgres
    port: int
    small_disk: bool

    @property
    def env(self) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.folder / "own"),
            "DATABASE_URL": self.postgres.url,
            "STORAGE_URL": (self.folder / "disk").as_uri(),
            "SECRET_KEY": "a-secret-of-the-tests-of-roles",
            "PORT": str(self.port),
            "BOOTSTRAP_KEY": KEY,
            "QUEUE_DEPTH": str(DEPTH),
        }
        return os.environ | {f"RECTO_{name}": value for name, value in own.items()}

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {KEY}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=PATIENCE_S)

    @contextmanager
    def process(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([*COMMAND, *words], env=self.env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) in {0, -signal.SIGTERM}, (self.folder / "log").read_text()[-3000:]

    def forget(self) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute("TRUNCATE job, unit, worker CASCADE")
        time.sleep(1.1)  # the API's count of what waits is a second old at the most


def until(condition: Any, seconds: float = PATIENCE_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)


def answers(site: Site, path: str = "/ready") -> bool:
    with contextlib.suppress(httpx.HTTPError), site.client() as client:
        return client.get(path).status_code == 200
    return False


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="recto-test-", dir="/tmp"))
    folder.chmod(0o755)
    disk = folder / "disk"
    disk.mkdir()
    size = f"size={DISK_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], capture_output=True, check=False
    )
    postgres = EmbeddedPostgres.start(folder / "data")
    made = Site(folder, postgres, free_port(), small_disk=mounted.returncode == 0)
    try:
        subprocess.run([*COMMAND, "migrate"], env=made.env, check=True, capture_output=True)
        with made.process("api"):
            until(lambda: answers(made))
            yield made
    finally:
        postgres.discard()
        if made.small_disk:
            subprocess.run(["umount", disk], check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    site.forget()
    with site.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def page() -> bytes:
    return pages_pdf(1, 20)


def upload(client: httpx.Client, document: bytes) -> str:
    answer = client.post("/upload", files={"file": ("a.pdf", document)})
    assert answer.status_code == 200, answer.text
    return answer.json()["file_id"]


def submit(client: httpx.Client, file_id: str, **body: Any) -> str:
    answer = client.post("/parse_async", json={"input": file_id, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["job_id"]


def status(client: httpx.Client, job_id: str) -> str:
    return client.get(f"/job/{job_id}").json()["status"]


def test_jobs_wait_in_order_until_a_worker_of_their_lane_comes(site, client, page):
    file_id = upload(client, page)
    batch = submit(client, file_id, queue_priority="batch")
    first, second = submit(client, file_id), submit(client, file_id)
    waiting = [client.get(f"/job/{job_id}").json() for job_id in (first, second, batch)]
    assert [job["queue_position"] for job in waiting] == [1, 2, 3]
    assert [job["lane"] for job in waiting] == ["async", "async", "batch"]
    assert {job["estimated_end"] for job in waiting} == {None}, "nothing is known to reckon with"
    with site.process("worker", "--lanes", "sync,async", "--ocr", "0", "--concurrency", "1"):
        until(lambda: {status(client, job_id) for job_id in (first, second)} == {"Completed"})
        assert status(client, batch) == "Pending"
    job = client.get(f"/job/{batch}").json()
    assert job["queue_position"] == 1
    assert job["estimated_end"] > job["created_at"][:19]
    with site.process("worker", "--lanes", "batch", "--ocr", "0"):
        until(lambda: status(client, batch) == "Completed")
    done = client.get(f"/job/{batch}").json()
    assert (done["queue_position"], done["estimated_end"]) == (None, None)


def test_a_full_queue_answers_429_and_says_when_to_come_back(site, client, page):
    sdk = Reducto(api_key=KEY, base_url=str(client.base_url), max_retries=0)
    file_id = upload(client, page)
    made = [submit(client, file_id, queue_priority="batch") for _ in range(DEPTH + 1)]
    made += [submit(client, file_id) for _ in range(DEPTH)]
    time.sleep(1.1)
    with pytest.raises(RateLimitError) as refused:
        sdk.parse.run_job(input=file_id)
    answer = refused.value.response
    assert answer.json()["error"]["name"] == "QUEUE_FULL"
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["x-should-retry"] == "true"
    assert len(client.get("/jobs").json()["jobs"]) == len(made), "no job was made of it"
    submit(client, file_id, queue_priority="batch")


def test_a_sync_call_does_not_wait_behind_a_batch(site, client, page):
    file_id = upload(client, page)
    batch = [submit(client, file_id, queue_priority="batch") for _ in range(25)]
    with site.process("worker", "--ocr", "0", "--concurrency", "1"):
        until(lambda: status(client, batch[0]) == "Completed")
        assert client.post("/parse", json={"input": file_id}).status_code == 200
        listed = client.get("/jobs").json()["jobs"]
        assert sum(job["status"] == "Pending" for job in listed) > 0, "batch jobs still wait for their turn"
        until(lambda: {job["status"] for job in client.get("/jobs").json()["jobs"]} == {"Completed"})


def test_the_vendors_tenants_are_bounded_and_kept(site, client, page):
    file_id = upload(client, page)
    throttled = submit(client, file_id, settings={"tenant_throttling": {"tenant_id": "t", "max_share": 0.25}})
    with_header = client.post("/parse_async", json={"input": file_id}, headers={"user-id": "u-1"}).json()
    with psycopg.connect(site.postgres.url) as connection:
        query = "SELECT j.id::text, u.tenant, u.tenant_share FROM unit u JOIN job j ON j.id = u.job_id"
        rows = {row[0]: row[1:] for row in connection.execute(query)}
    assert rows == {throttled: ("t", 0.25), with_header["job_id"]: ("u-1", None)}
    assert client.get(f"/job/{throttled}").json()["warnings"] == []


def test_a_database_that_is_away_is_told_and_outlived(site, client):
    file_id = upload(client, pages_pdf(40, 800))
    found: dict[str, httpx.Response] = {}

    def call() -> None:
        with site.client() as own:
            found["sync"] = own.post("/parse", json={"input": file_id})

    with site.process("worker", "--ocr", "0", "--concurrency", "1"):
        waiting = threading.Thread(target=call)
        waiting.start()
        until(lambda: any(job["num_pages"] for job in client.get("/jobs").json()["jobs"]))
        site.postgres.stop()
        try:
            for path, body in (("/jobs", None), ("/parse_async", {"input": file_id})):
                answer = client.request("POST" if body else "GET", path, json=body)
                assert answer.status_code == 503, answer.text
                assert answer.json()["error"]["name"] == "SERVICE_UNAVAILABLE"
                assert int(answer.headers["retry-after"]) > 0
            time.sleep(2)
            assert waiting.is_alive(), "the call goes on waiting"
        finally:
            site.postgres.ensure_running()
        waiting.join(PATIENCE_S)
        assert found["sync"].status_code == 200, found["sync"].text
        assert found["sync"].json()["usage"]["num_pages"] == 40
        job_id = submit(client, file_id)
        until(lambda: status(client, job_id) == "Completed")


def test_a_full_disk_is_told_and_outlived(site, client, page):
    if not site.small_disk:
        pytest.skip("a small disk can be mounted by root only")
    too_much = os.urandom(DISK_BYTES + 1024)
    answer = client.post("/upload", files={"file": ("a.pdf", too_much)})
    assert answer.status_code == 503, answer.text
    assert "free space" in answer.json()["error"]["message"]
    filler = site.folder / "disk" / "filler"
    with contextlib.suppress(OSError):
        filler.write_bytes(too_much)
    with site.process("worker", "--ocr", "0", "--concurrency", "1"):
        filler.unlink()
        file_id = upload(client, page)
        with contextlib.suppress(OSError):
            filler.write_bytes(too_much)
        job_id = submit(client, file_id)
        with psycopg.connect(site.postgres.url, autocommit=True) as connection:
            query = "SELECT max(setbacks) FROM unit WHERE job_id = %s"
            until(lambda: (connection.execute(query, [job_id]).fetchone() or (0,))[0])
        assert status(client, job_id) == "Pending"
        filler.unlink()
        until(lambda: status(client, job_id) == "Completed")
