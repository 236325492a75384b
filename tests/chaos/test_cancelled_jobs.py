"""Jobs are cancelled at random moments: 2 s later nothing of them runs, and nothing of them lies about."""

import time

import pytest

from chaos.site import Site, dice
from chaos.sizes import SIZES
from documents.pdfs import pages_pdf

AT_ONCE = 6
LONGEST_WAIT_S = 1.5
GONE_S = 2.0
STEPS = {"name": "cancels", "steps": [{"parse": {}}]}


def left_behind(made: Site, job_ids: list[str]) -> dict[str, list]:
    """What the workers still hold of cancelled jobs."""
    ours = "SELECT id FROM job WHERE id::text = ANY(%s) OR parent_id::text = ANY(%s)"
    busy = [unit for (unit,) in made.rows(
        f"SELECT id FROM unit WHERE status IN ('running', 'pending') AND job_id IN ({ours})", job_ids, job_ids
    )]  # fmt: skip
    scratch = made.folder / "own" / "scratch"
    files = [
        str(path)
        for path in scratch.glob("*/unit-*")
        if int(path.name.split("-")[1]) in set(all_units(made, job_ids))
    ]
    return {"units": busy, "files": files}


def all_units(made: Site, job_ids: list[str]) -> list[int]:
    ours = "SELECT id FROM job WHERE id::text = ANY(%s) OR parent_id::text = ANY(%s)"
    return [unit for (unit,) in made.rows(f"SELECT id FROM unit WHERE job_id IN ({ours})", job_ids, job_ids)]


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_cancelled_jobs_leave_nothing_behind(empty_site):
    chance = dice(11)
    made = empty_site(readers="2", unit_pages="2")
    made.start_api()
    worker = made.start_worker()
    slow, quick = made.upload(pages_pdf(12, 40_000)), made.upload(pages_pdf(2))
    pipeline = made.call("POST", "/recto/v1/pipelines", json=STEPS).json()["pipeline_id"]
    statuses: list[str] = []
    for _ in range(SIZES.cancelled_jobs // AT_ONCE):
        jobs = [submit(made, chance.choice([slow, slow, quick]), pipeline, chance) for _ in range(AT_ONCE)]
        for job_id in jobs:
            time.sleep(chance.uniform(0, LONGEST_WAIT_S / AT_ONCE))
            answer = made.call("POST", f"/cancel/{job_id}")
            assert answer.status_code in {200, 409}, answer.text
        cancelled_at = time.monotonic()
        time.sleep(GONE_S)
        assert left_behind(made, jobs) == {"units": [], "files": []}
        used = busy_s(made, worker)
        assert used < 0.3, f"children still compute {time.monotonic() - cancelled_at:.1f} s later"
        listed = {job["job_id"]: job["status"] for job in made.call("GET", "/jobs").json()["jobs"]}
        statuses += [listed[job_id] for job_id in jobs]
    assert set(statuses) <= {"Cancelled", "Completed"}, statuses
    assert statuses.count("Cancelled") > len(statuses) / 3, "most were cancelled in time to tell"
    last = made.submit(quick)
    made.all_end()
    assert made.job(last)["status"] == "Completed", "the worker reads on"


def submit(made: Site, file_id: str, pipeline: str, chance) -> str:
    if chance.random() < 0.25:
        body = {"input": [file_id, file_id], "pipeline_id": pipeline}
        return made.call("POST", "/pipeline_async", json=body).json()["job_id"]
    return made.submit(file_id)


def busy_s(made: Site, worker) -> float:
    """Processor seconds that the children use within the next second."""

    def used() -> float:
        return sum(sum(child.cpu_times()[:2]) for child in made.children(worker) if child.is_running())

    before = used()
    time.sleep(1)
    return used() - before
