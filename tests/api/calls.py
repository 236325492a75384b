"""What the tests of the API share: a second organisation's key, and waiting for a job."""

import subprocess
import time

import httpx

from conftest import COMMAND, RunningServer

END_S = 30.0
_MADE: dict[tuple[str, str], str] = {}


def second_key(server: RunningServer, organisation: str = "other") -> str:
    """A key of another organisation, made by the command line once for each server."""
    wanted = (server.url, organisation)
    if wanted not in _MADE:
        done = subprocess.run(
            [*COMMAND, "keys", "create", "for tests", "--organisation", organisation],
            env=server.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        _MADE[wanted] = done.stdout.split()[-1]
    return _MADE[wanted]


def ended(http: httpx.Client, job_id: str) -> dict[str, object]:
    """The body of GET /job once the job has ended."""
    until = time.monotonic() + END_S
    while (job := http.get(f"/job/{job_id}").json())["status"] not in {"Completed", "Failed"}:
        assert time.monotonic() < until, f"job {job_id} is still {job['status']}"
        time.sleep(0.03)
    return job
