"""The database is out of reach, the object storage answers 503, the disk is full: told clearly, and outlived."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from chaos.gateway import Gateway, gateway
from chaos.receiver import receiver
from chaos.site import Site, until
from chaos.sizes import SIZES
from conftest import KEY, free_port
from documents.pdfs import pages_pdf

BUCKET = "recto-chaos"
DISK_BYTES = 24 * 1024 * 1024
ANSWER_S = 45.0  # the longest an answer may take while something is away: the storage is asked for 20 s


@contextlib.contextmanager
def s3() -> Iterator[tuple[str, int]]:
    """An S3 server, a process of its own, with a bucket; gives host and port."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def has_bucket() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.put(f"http://127.0.0.1:{port}/{BUCKET}", headers=signed()).status_code == 200
        return False

    try:
        until(has_bucket)
        yield "127.0.0.1", port
    finally:
        server.kill()
        server.wait()


def signed() -> dict[str, str]:
    """What moto asks for to tell S3 from its other services."""
    return {"authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"}


def on_s3(line: Gateway) -> dict[str, str]:
    """Settings for a storage behind a line."""
    return {
        "storage_url": f"s3://{BUCKET}",
        "_AWS_ENDPOINT_URL": f"http://{line.host}:{line.port}",
        "_AWS_ACCESS_KEY_ID": "k",
        "_AWS_SECRET_ACCESS_KEY": "k",
        "_AWS_REGION": "us-east-1",
        "_AWS_ALLOW_HTTP": "true",
    }


def ask(made: Site, method: str, path: str, **body) -> httpx.Response:
    """One call, and no second one."""
    headers = {"authorization": f"Bearer {KEY}"}
    return httpx.request(method, made.url + path, headers=headers, timeout=ANSWER_S, **body)


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 503, answer.text
    error = answer.json()["error"]
    assert error["name"] == "SERVICE_UNAVAILABLE"
    return error["message"]


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_the_storage_answers_503_for_a_while(empty_site):
    with s3() as server, gateway(server) as line, receiver() as hook:
        made = empty_site(**on_s3(line))
        made.start_api()
        worker = made.start_worker()
        file_id = made.upload(pages_pdf(8))
        before = made.submit(file_id, hook)
        made.all_end()
        line.answer_503(True)
        began = time.monotonic()
        jobs = [made.submit(file_id, hook) for _ in range(3)]
        message = refused(ask(made, "POST", "/upload", files={"file": ("a.pdf", pages_pdf(1))}))
        assert "storage" in message
        assert message.count("SlowDown") == 0, "what a cloud says is for the log"
        refused(ask(made, "GET", f"/job/{before}"))
        time.sleep(max(0.0, SIZES.storage_away_s - (time.monotonic() - began)))
        assert line.refused > 0
        assert {made.rows("SELECT status FROM job WHERE id::text = %s", job)[0][0] for job in jobs} <= {
            "Pending",
            "InProgress",
        }
        line.answer_503(False)
        made.all_end()
        assert worker.poll() is None, "nothing had to be started again"
        for job_id in [before, *jobs]:
            job = made.job(job_id)
            assert (job["status"], job["num_pages"], job["warnings"]) == ("Completed", 8, []), job
        until(lambda: all(hook.about(job_id) for job_id in jobs))


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_the_database_is_out_of_reach_for_a_while(made):
    """Not refused, as by a server that is down (tests/cli/test_roles.py), but silent, as behind a broken line."""
    with contextlib.ExitStack() as stack:
        hook = stack.enter_context(receiver())
        line = stack.enter_context(gateway(made.socket))
        url = f"postgresql://recto@{line.host}:{line.port}/recto?sslmode=disable"
        api = made.start_api(more={"database_url": url})
        worker = made.start_worker(more={"database_url": url})
        file_id = made.upload(pages_pdf(24, 800))
        jobs = [made.submit(file_id, hook) for _ in range(2)]
        until(lambda: made.rows("SELECT 1 FROM unit WHERE status = 'done' AND kind = 'read' LIMIT 1"))
        answers: list[httpx.Response | httpx.TransportError] = []

        def call() -> None:
            try:
                answers.append(ask(made, "POST", "/parse_async", json={"input": file_id}))
            except httpx.TransportError as error:
                answers.append(error)

        line.cut()
        calling = threading.Thread(target=call)
        calling.start()
        time.sleep(SIZES.database_away_s)
        line.mend()
        calling.join(ANSWER_S)
        (answer,) = answers
        assert isinstance(answer, httpx.Response)
        assert answer.status_code in {200, 503}, answer.text
        made.all_end()
        assert (api.poll(), worker.poll()) == (None, None), "nothing had to be started again"
        for job_id in jobs:
            job = made.job(job_id)
            assert (job["status"], job["num_pages"], job["warnings"]) == ("Completed", 24, []), job
        until(lambda: all(len(hook.about(job_id)) == 1 for job_id in jobs))


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_the_disk_is_full_in_the_middle_of_a_document(made):
    disk = made.folder / "objects"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    try:
        made.start_api()
        made.start_worker()
        job_id = made.submit(made.upload(pages_pdf(40, 1500)))
        until(lambda: made.rows("SELECT 1 FROM unit WHERE status = 'done' AND kind = 'read' LIMIT 1"))
        filler = disk / "filler"
        with contextlib.suppress(OSError):
            filler.write_bytes(os.urandom(DISK_BYTES))
        until(lambda: made.rows("SELECT 1 FROM unit WHERE setbacks > 0"))
        assert "free space" in refused(
            ask(made, "POST", "/upload", files={"file": ("a.pdf", os.urandom(1024 * 1024))})
        )
        filler.unlink()
        made.all_end()
        job = made.job(job_id)
        assert (job["status"], job["num_pages"], job["warnings"]) == ("Completed", 40, []), job
    finally:
        made.kill_all()
        subprocess.run(["umount", disk], check=False)
