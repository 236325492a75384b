"""The vendor's clients on the running server, and documents for them. Nothing here knows how the server works."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import reducto

from conftest import RunningServer
from documents.pdfs import report_pdf
from documents.serving import World, world

END_S = 30.0
NO_RETRIES = 0  # an error must show at once, and a job must run once


@pytest.fixture(scope="session")
def outside() -> Iterator[World]:
    """The world outside the server: document hosts and webhook receivers."""
    with world() as made:
        yield made


@pytest.fixture(params=[False, True], ids=["lenient", "strict"])
def client(server: RunningServer, request: pytest.FixtureRequest) -> Iterator[reducto.Reducto]:
    """The synchronous client, as it comes and with its own check of every answer."""
    made = reducto.Reducto(
        api_key=server.key,
        base_url=server.url,
        max_retries=NO_RETRIES,
        _strict_response_validation=request.param,
    )
    with made:
        yield made


@pytest.fixture(params=[False, True], ids=["lenient", "strict"])
async def async_client(
    server: RunningServer, request: pytest.FixtureRequest
) -> AsyncIterator[reducto.AsyncReducto]:
    """The asynchronous client, likewise."""
    made = reducto.AsyncReducto(
        api_key=server.key,
        base_url=server.url,
        max_retries=NO_RETRIES,
        _strict_response_validation=request.param,
    )
    async with made:
        yield made


@pytest.fixture(scope="session")
def sdk(server: RunningServer) -> Iterator[reducto.Reducto]:
    """The strict synchronous client, for tests that are about the server rather than about the client."""
    made = reducto.Reducto(
        api_key=server.key,
        base_url=server.url,
        max_retries=NO_RETRIES,
        _strict_response_validation=True,
    )
    with made:
        yield made


@pytest.fixture(scope="session")
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A plain HTTP client with the server's key, for bodies that the vendor's client would not send."""
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="session")
def report(sdk: reducto.Reducto) -> str:
    """The ordinary two-page document, uploaded."""
    return sdk.upload(file=("report.pdf", report_pdf())).file_id


@pytest.fixture(scope="session")
def pipeline_id(http: httpx.Client) -> str:
    """A deployed pipeline that parses."""
    answer = http.post("/recto/v1/pipelines", json={"name": "wire", "steps": [{"parse": {}}]})
    assert answer.status_code == 201, answer.text
    return answer.json()["pipeline_id"]


@pytest.fixture(scope="session")
def ended(sdk: reducto.Reducto) -> Callable[[str], Any]:
    """Waits for a job's end; gives what GET /job then answers."""

    def wait(job_id: str) -> Any:
        until = time.monotonic() + END_S
        while (job := sdk.job.get(job_id)).status not in {"Completed", "Failed"}:
            assert time.monotonic() < until, f"job {job_id} is still {job.status}"
            time.sleep(0.03)
        return job

    return wait
