"""What the tests of the API share: a second organisation's key, and waiting for a job."""

import subprocess
import time
from functools import cache

import httpx

from conftest import COMMAND, RunningServer

END_S = 30.0


def second_key(server: RunningServer, organisation: str = "other") -> str:
    """A key of another organisation, made by the command line once for each server."""
    return _made_key(server.url, organisation, tuple(sorted(server.environment().items())))


@cache
def _made_key(_: str, organisation: str, environment: tuple[tuple[str, str], ...]) -> str:
    done = subprocess.run(
        [*COMMAND, "keys", "create", "for tests", "--organisation", organisation],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def ended(http: httpx.Client, job_id: str) -> dict[str, object]:
    """The body of GET /job once the job has ended."""
    until = time.monotonic() + END_S
    while (job := http.get(f"/job/{job_id}").json())["status"] not in {"Completed", "Failed"}:
        assert time.monotonic() < until, f"job {job_id} is still {job['status']}"
        time.sleep(0.03)
    return job
