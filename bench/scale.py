"""How Recto grows with its workers, what that costs beside the reading, and how it takes a storm of calls.

Three parts, on real servers (`recto serve`, embedded database) over loopback:

1. pages per second of 1, 2 and 4 workers with one reader each, on one long PDF and on as many one-page PDFs.
   Beside each, and right before it, the raw speed: as many plain processes as there are workers, up to the
   processors, calling the same functions on the same documents with nothing around them. The two share the
   machine's mood, so that their ratio stands where neither figure would. The long PDF's assembling is one
   piece of work by one child, in both.
2. processor time: what every kind of process of the server used, per page, and the share that is not the
   reading itself.
3. the latency of POST /parse_async at 100 calls a second, sent on time whether answers have come or not,
   by a process of its own: once while nobody reads (a lane without workers), once while a worker reads.

    .venv/bin/python bench/scale.py [--pages 1000] [--workers 1,2,4] [--seconds 10]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from reportlab.pdfgen.canvas import Canvas

from jobs import KEY, Server, machine, one_page_pdf, percentile, processor_s, serving, wait_for
from recto.document.options import ParseOptions
from recto.intake import filetype
from recto.jobs.advance import reading_units
from recto.jobs.assembling import assemble_to_file
from recto.results.parse import Document, look_at, read_range

UNIT_PAGES = 10
CALLS_A_SECOND = 100
CALLERS = 64  # connections of the storm
REACH_SHARE = 0.85  # of the raw speed, per worker
REACH_P99_MS = 100.0
PROCESSORS = os.cpu_count() or 1

PUBLISHED = (
    ("docling, 16 threads, Apple M3 Max", "1.34 pages/s; 2.45 with its pypdfium backend"),
    ("docling, 16 threads, Intel Xeon E5-2690", "0.92 pages/s; 1.57 with its pypdfium backend"),
    ("docling-serve, 2 workers, Apple M2 (12 cores)", "0.20 pages/s (127 pages in 10 min 28 s)"),
    ("docling-serve, one 40-page PDF, chunked", "2.5 pages/s (16.1 s)"),
    ("docling-serve, one 2-page PDF, chunked", "6.0 s for the document"),
)
SOURCES = (
    "arXiv 2408.09869 (its authors' report, table of run times); docling-project/docling-serve#257;"
    " ogx-ai/ogx#5412. Other machines, other documents, and with layout models: an order of magnitude only."
)


def long_pdf(path: Path, pages: int) -> None:
    """A report: every page a headline and forty lines."""
    canvas = Canvas(str(path), invariant=1)
    for page in range(pages):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 760, f"Harbour Report, part {page + 1}")
        canvas.setFont("Helvetica", 10)
        for line in range(40):
            text = f"Line {line} of {page + 1}: grain, timber and machine parts went inland by rail."
            canvas.drawString(72, 730 - line * 15, text)
        canvas.showPage()
    canvas.save()


def read_whole(path: Path, folder: Path) -> float:
    """Read a document as a server's children do; gives the processor seconds of it."""
    began = time.process_time()
    found = Document(path, filetype.detect(path, path.name, None))
    pages = tuple(range(1, look_at(found, folder).pages + 1))
    files = []
    for number, unit in enumerate(reading_units(pages, UNIT_PAGES)):
        files.append(folder / f"read-{number}")
        read_range(found, unit.pages, ParseOptions(), files[-1])
    assemble_to_file(files, ParseOptions(), list(pages), folder / "result", batch=False)
    return time.process_time() - began


def read_many(path: Path, times: int) -> float:
    """Read it several times, in a process of its own; gives the processor seconds."""
    used = 0.0
    for _ in range(times):
        with tempfile.TemporaryDirectory() as name:
            used += read_whole(path, Path(name))
    return used


@dataclass(frozen=True)
class Speed:
    """Pages per second, and milliseconds of processor per page by kind of process."""

    rate: float
    used: dict[str, float]


def raw_speed(path: Path, pages: int, times: int, processes: int) -> Speed:
    """So many processes at once, sharing `times` readings of a document (at least one for each)."""
    each = max(1, times // processes)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["recto.results.parse", "recto.jobs.assembling"])
    with context.Pool(processes) as pool:
        pool.map(_nothing, range(processes * 4))
        began = time.perf_counter()
        used = pool.starmap(read_many, [(path, each)] * processes, chunksize=1)
        took = time.perf_counter() - began
    read = pages * each * processes
    return Speed(read / took, {"reading": sum(used) * 1000 / read})


def _nothing(_: int) -> None:
    time.sleep(0.05)


def server_speed(server: Server, upload: str, pages: int, times: int) -> Speed:
    """So many jobs on one upload, all submitted at once: from the first unit's start to the last job's end."""
    before = processor_s(server)
    with server.client() as client, psycopg.connect(server.database, autocommit=True) as database:
        ids = []
        for _ in range(times):
            answer = client.post("/parse_async", json={"input": upload})
            answer.raise_for_status()
            ids.append(answer.json()["job_id"])
        wait_for(database, ids)
        row = database.execute(
            "SELECT extract(epoch FROM max(ended_at) - min(started_at))::float FROM job"
            " WHERE id = ANY(%s::uuid[])",
            [ids],
        ).fetchone()
    after = processor_s(server)
    if row is None:
        raise SystemExit("the jobs are gone")
    read = pages * times
    return Speed(read / row[0], {kind: (after[kind] - before.get(kind, 0)) * 1000 / read for kind in after})


def upload(client: httpx.Client, path: Path) -> str:
    answer = client.post("/upload", files={"file": (path.name, path.read_bytes())})
    answer.raise_for_status()
    return answer.json()["file_id"]


def scaled(folder: Path, pages: int, workers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Raw and served speed of each number of workers, on one long document and on many short ones."""
    long, short = folder / "long.pdf", folder / "short.pdf"
    long_pdf(long, pages)
    one_page_pdf(short)
    for number in workers:
        together = min(number, PROCESSORS)
        with serving(number, readers="1", unit_pages=str(UNIT_PAGES)) as server, server.client() as client:
            _wait_for_workers(server, number)
            for name, path, each, times in (("long", long, pages, 1), ("short", short, 1, pages)):
                file_id = upload(client, path)
                server_speed(server, file_id, each, 1 if each > 1 else 10)  # warm
                raw = raw_speed(path, each, times, together)
                served = server_speed(server, file_id, each, times)
                yield {"workers": number, "document": name, "raw": raw, "served": served}


def _wait_for_workers(server: Server, number: int) -> None:
    """Until every worker has said that it is there."""
    with psycopg.connect(server.database, autocommit=True) as database:
        while (database.execute("SELECT count(*) FROM worker").fetchone() or (0,))[0] < number:
            time.sleep(0.1)


async def storm(url: str, file_id: str, lane: str | None, seconds: float, key: str = KEY) -> list[float]:
    """Calls on time, whatever becomes of the earlier ones; milliseconds from when each was due."""
    body = json.dumps({"input": file_id} | ({"queue_priority": lane} if lane else {}))
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    limits = httpx.Limits(max_connections=CALLERS, max_keepalive_connections=CALLERS)
    took: list[float] = []
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as client:

        async def call(due: float) -> None:
            answer = await client.post("/parse_async", content=body)
            answer.raise_for_status()
            took.append((time.perf_counter() - due) * 1000)

        calls = []
        began = time.perf_counter() + 0.1
        for number in range(int(seconds * CALLS_A_SECOND)):
            due = began + number / CALLS_A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            calls.append(asyncio.create_task(call(due)))
        await asyncio.gather(*calls)
    return took


def _storm(url: str, file_id: str, lane: str | None, seconds: float) -> list[float]:
    return asyncio.run(storm(url, file_id, lane, seconds))


def latencies(folder: Path, seconds: float) -> dict[str, list[float]]:
    """The storm, once on a lane that nobody serves and once on one that a worker serves."""
    path = folder / "short.pdf"
    one_page_pdf(path)
    context = multiprocessing.get_context("spawn")  # the caller has a processor of its own, if there is one
    found = {}
    with (
        serving(1, readers="1", lanes="async") as server,
        server.client() as client,
        context.Pool(1) as caller,
    ):
        file_id = upload(client, path)
        for name, lane in (("nobody reads", "batch"), ("a worker reads", None)):
            caller.apply(_storm, (server.url, file_id, lane, 1.0))
            found[name] = caller.apply(_storm, (server.url, file_id, lane, seconds))
    return found


def speed_lines(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield (
        f"{'document':<10}{'workers':>8}{'raw p/s':>10}{'served p/s':>12}{'of raw':>8}{'one worker x':>14}"
        f"{'not reading':>13}"
    )
    first: dict[str, float] = {}
    for one in found:
        raw, served, name = one["raw"], one["served"], one["document"]
        base = first.setdefault(name, served.rate)
        share = served.rate / raw.rate
        whole = sum(served.used.values())
        beside = 1 - raw.used["reading"] / whole if whole else 0.0
        verdict = "yes" if share >= REACH_SHARE else "NO"
        yield (
            f"{name:<10}{one['workers']:>8}{raw.rate:>10.1f}{served.rate:>12.1f}{share:>8.0%}"
            f"{served.rate / base:>14.2f}{beside:>13.0%}   reach {REACH_SHARE:.0%}: {verdict}"
        )
    yield ""
    yield "processor milliseconds per page:"
    for one in found:
        kinds = ", ".join(f"{kind} {value:.1f}" for kind, value in sorted(one["served"].used.items()))
        alone = one["raw"].used["reading"]
        yield f"  {one['document']}, {one['workers']} workers: {kinds}; the reading alone {alone:.1f}"


def latency_lines(found: dict[str, list[float]]) -> Iterator[str]:
    yield f"POST /parse_async at {CALLS_A_SECOND} calls/s, ms"
    for name, took in found.items():
        p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
        verdict = "yes" if p99 < REACH_P99_MS else "NO"
        yield f"  {name:<16}p50 {p50:>7.1f}   p99 {p99:>7.1f}   reach {REACH_P99_MS:.0f}: {verdict}"


def published_lines() -> Iterator[str]:
    yield "Published elsewhere, not measured here:"
    for what, figure in PUBLISHED:
        yield f"  {what:<48}{figure}"
    yield f"  {SOURCES}"


def section(title: str, lines: Callable[[], Iterator[str]]) -> None:
    print(f"\n{title}")
    for line in lines():
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=1000, help="of the long PDF, and number of short ones")
    parser.add_argument("--workers", default="1,2,4", help="numbers of workers, comma separated")
    parser.add_argument("--seconds", type=float, default=10, help="of each storm of calls; 0: none")
    asked = parser.parse_args()
    numbers = [int(number) for number in asked.workers.split(",") if number]
    pages = max(10, min(asked.pages, 5000))
    for line in machine():
        print(line, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if numbers:
            found = list(scaled(folder, pages, numbers))
            section(f"One PDF of {pages} pages, and {pages} PDFs of one page", lambda: speed_lines(found))
        if asked.seconds > 0:
            took = latencies(folder, min(asked.seconds, 60))
            section("A storm of calls", lambda: latency_lines(took))
    section("Beside it", published_lines)


if __name__ == "__main__":
    sys.exit(main())
