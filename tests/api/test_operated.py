"""A server of its own whose operator changes his mind: impatient first, then patient; it keeps results for a second."""

import json
import threading
import time

import httpx
import pikepdf
import pytest
from typer.testing import CliRunner

from api.calls import ended
from conftest import running_server
from documents.pdfs import pages_pdf
from documents.serving import world
from recto.cli.main import app

HEAVY_WORDS = 150_000  # a page of so many takes a few seconds
IMPATIENT_S = "1.2"
PATIENT_S = "100"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    with running_server(
        tmp_path_factory.mktemp("operated"),
        unit_pages="1",
        unit_timeout_s=IMPATIENT_S,
        ocr_readers="0",
        readers="1",
        cancel_on_disconnect="true",
        retention_s="1",
    ) as running:
        yield running


@pytest.fixture
def http(own):
    with httpx.Client(base_url=own.url, headers=own.headers, timeout=60) as made:
        yield made


@pytest.fixture
def recto(own, monkeypatch):
    """A command with the settings of this server."""

    def run(*words):
        ended = CliRunner().invoke(app, [str(word) for word in words], env=own.environment())
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return ended

    return run


def uploaded(http, content):
    return http.post("/upload", files={"file": ("a.pdf", content)}).json()["file_id"]


def half_heavy_pdf(tmp_path):
    """Two pages, the second of which takes longer than an impatient server waits."""
    paths = [tmp_path / "light.pdf", tmp_path / "heavy.pdf"]
    for path, words in zip(paths, (30, HEAVY_WORDS), strict=True):
        path.write_bytes(pages_pdf(1, words))
    with pikepdf.open(paths[0]) as light, pikepdf.open(paths[1]) as heavy:
        light.pages.extend(heavy.pages)
        light.save(tmp_path / "both.pdf")
    return (tmp_path / "both.pdf").read_bytes()


@pytest.mark.parametrize("key", [None, "comes-back"])
def test_the_job_of_a_client_that_went_away(http, own, key):
    with world() as outside:
        go = outside.hold("/slow.pdf", pages_pdf(1))
        headers = own.headers | ({"idempotency-key": key} if key else {})

        def impatient():
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(
                    f"{own.url}/parse", json={"input": outside.url("/slow.pdf")}, headers=headers, timeout=0.5
                )

        calling = threading.Thread(target=impatient)
        calling.start()
        calling.join()
        job_id = http.get("/jobs?limit=1").json()["jobs"][0]["job_id"]
        if key is None:
            job = ended(http, job_id)  # while the document's host still says nothing
            assert job["error"]["name"] == "JOB_CANCELLED"
        go.set()
        if key is not None:
            assert ended(http, job_id)["status"] == "Completed"


def test_failed_pages_are_read_again_once_there_is_time(own, http, recto, tmp_path):
    document = uploaded(http, half_heavy_pdf(tmp_path))
    job_id = http.post("/parse_async", json={"input": document}).json()["job_id"]
    job = ended(http, job_id)
    assert (job["status"], job["num_pages"], job["total_pages"]) == ("Completed", 1, 2)
    assert [warning for warning in job["warnings"] if warning.startswith("Page 2 could not be read")]
    assert len(job["result"]["result"]["pages"]) == 1
    # Too impatient still: the same page fails again, and the result of before stands.
    assert http.post(f"/recto/v1/jobs/{job_id}/retry", json={"pages": "failed"}).status_code == 202
    assert len(ended(http, job_id)["result"]["result"]["pages"]) == 1

    own.stop()
    own.env["RECTO_UNIT_TIMEOUT_S"] = PATIENT_S
    own.start()
    assert recto("jobs", "retry", job_id).exit_code == 2
    done = recto("jobs", "retry", job_id, "--failed-pages")
    assert (done.exit_code, done.stdout) == (0, f"{job_id}  reading again: page 2\n"), done.stderr
    watched = recto("jobs", "watch", job_id)
    assert (watched.exit_code, watched.stdout) == (0, f"{job_id}  Completed\n")
    assert "2/2 pages" in watched.stderr
    job = ended(http, job_id)
    assert (job["num_pages"], job["warnings"]) == (2, [])
    assert [page["original_page"] for page in job["result"]["result"]["pages"]] == [1, 2]
    # Now there is nothing to be read again, and nothing kept for it.
    assert http.post(f"/recto/v1/jobs/{job_id}/retry").status_code == 409
    until = time.monotonic() + 10
    while (own.data_dir / "objects" / "jobs" / job_id / "units").exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_what_is_over_is_purged_and_the_storage_is_empty_then(own, http, recto):
    kept = http.post(
        "/parse", json={"input": uploaded(http, pages_pdf(1)), "settings": {"persist_results": True}}
    )
    over = http.post("/parse", json={"input": uploaded(http, pages_pdf(1))})
    ids = [answer.json()["job_id"] for answer in (kept, over)]
    time.sleep(1.1)
    dry = recto("jobs", "purge", "--dry-run")
    assert dry.stdout.startswith("would be deleted: ")
    done = recto("jobs", "purge")
    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith(": 0")
    told = http.get(f"/job/{ids[1]}")
    assert (told.status_code, "expired" in json.dumps(told.json())) == (410, True)
    assert http.get(f"/job/{ids[0]}").json()["status"] == "Completed"
    left = {path.parent.name for path in (own.data_dir / "objects" / "jobs").rglob("*") if path.is_file()}
    assert left == {ids[0]}
    assert not [path for path in (own.data_dir / "objects" / "uploads").rglob("*") if path.is_file()]
