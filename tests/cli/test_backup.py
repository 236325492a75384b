"""`recto backup` of a server at work, `recto restore` into a fresh folder, and a server on that."""

import contextlib
import time

import httpx
import pytest

from conftest import RunningServer, free_port, running_server
from documents.pdfs import pages_pdf, report_pdf
from job_yard import job_database
from recto.errors import Unavailable
from recto.storage import dumps

__all__ = ["job_database"]


def client(server):
    return httpx.Client(base_url=server.url, headers=server.headers, timeout=60)


def upload(http, document):
    return http.post("/upload", files={"file": ("a.pdf", document)}).json()["file_id"]


def ended(http, job_id):
    give_up = time.monotonic() + 60
    while (job := http.get(f"/job/{job_id}").json())["status"] == "Pending":
        assert time.monotonic() < give_up, job
        time.sleep(0.1)
    return job


@contextlib.contextmanager
def started(data_dir, log):
    server = RunningServer(data_dir, free_port(), {"RECTO_OCR_READERS": "0"}, log=log)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_a_backup_of_a_working_server_is_restored_and_goes_on(recto_process, open_folder, tmp_path):
    with running_server(tmp_path, ocr_readers="0", readers="1", unit_pages="2") as old, client(old) as http:
        file_id = upload(http, report_pdf())
        whole = http.post("/parse", json={"input": file_id}).json()
        slow = http.post("/parse_async", json={"input": upload(http, pages_pdf(60, 3500))}).json()["job_id"]
        while not http.get(f"/job/{slow}").json()["num_pages"]:
            time.sleep(0.05)
        env = {"RECTO_DATA_DIR": str(old.data_dir)}
        made = recto_process("backup", open_folder / "kept", env=env)
        assert (made.code, made.err) == (0, ""), made.err
        assert http.get(f"/job/{slow}").json()["status"] == "Pending", "it was made in the middle of a job"
    assert (open_folder / "kept").stat().st_mode & 0o077 == 0
    fresh = {"RECTO_DATA_DIR": str(open_folder / "data")}
    restored = recto_process("restore", open_folder / "kept", env=fresh)
    assert (restored.code, restored.err) == (0, ""), restored.err
    again = recto_process("restore", open_folder / "kept", env=fresh)
    assert again.code == 1
    assert "not empty" in again.err
    with started(open_folder / "data", tmp_path / "log") as new, client(new) as http:
        job = http.get(f"/job/{whole['job_id']}").json()
        assert job["status"] == "Completed"
        assert job["result"]["result"] == whole["result"], "the same key, the same job, the same result"
        assert http.post("/parse", json={"input": file_id}).json()["result"]["chunks"]
        finished = ended(http, slow)
        assert (finished["status"], finished["num_pages"], finished["warnings"]) == ("Completed", 60, [])


def test_what_is_no_backup_is_refused(recto, tmp_path):
    env = {"RECTO_DATA_DIR": str(tmp_path / "data")}
    ended = recto("restore", tmp_path, env=env)
    assert ended.code == 1
    assert "no backup" in ended.err
    assert not (tmp_path / "data").exists()


def test_a_backup_overwrites_nothing(recto, tmp_path):
    ended = recto("backup", tmp_path, env={"RECTO_DATA_DIR": str(tmp_path / "data")})
    assert ended.code == 1
    assert "already" in ended.err


def test_a_program_that_complains_is_quoted(tmp_path, job_database):
    broken = tmp_path / "broken"
    broken.write_bytes(b"no dump")
    with pytest.raises(Unavailable, match="empty"):
        dumps.restore(job_database, broken)
    with pytest.raises(Unavailable, match="pg_dump failed"):
        dumps.dump("postgresql://nobody@127.0.0.1:1/nothing", tmp_path / "dump")
