"""How quick webhooks are: from a job's end to its receipt, and deliveries a second, with dead endpoints beside.

Starts `recto serve` on the embedded database in a folder of its own; the receiver is a server in this process. The
load is put into the tables as ended jobs leave it, so that the jobs themselves are not measured.

    .venv/bin/python bench/webhooks.py [--jobs N] [--messages N]
"""

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import psycopg

from jobs import Server, one_page_pdf, serving

ENDPOINTS = 20
DEAD = 5
PATIENCE_S = 120.0
REACH_MS = 150.0  # p50 from the end of a job to the receipt of its message
LOAD = """
WITH made AS (
    INSERT INTO webhook_message (id, organisation_id, event_type, body)
    SELECT gen_random_uuid(), organisation_id, 'async.update',
        '{"status": "Completed", "job_id": "x", "metadata": null}'
    FROM (SELECT organisation_id FROM webhook_endpoint LIMIT 1) one, generate_series(1, %s)
    RETURNING id, organisation_id
), numbered AS (
    SELECT made.*, row_number() OVER () AS number FROM made
), endpoints AS (
    SELECT id, host, row_number() OVER (ORDER BY created_at) - 1 AS place FROM webhook_endpoint
)
INSERT INTO delivery (id, message_id, organisation_id, kind, endpoint_id, host)
SELECT gen_random_uuid(), numbered.id, organisation_id, 'endpoint', endpoints.id, host
FROM numbered JOIN endpoints ON place = number %% %s
"""


@dataclass
class Receiver:
    """What has come, with the time of each."""

    ports: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            self.at.append(time.time())
            writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while len(self.at) < count:
            if time.monotonic() > until:
                raise SystemExit(f"{len(self.at)} of {count} messages came in {PATIENCE_S:g} s")
            time.sleep(0.005)


@contextlib.contextmanager
def receiving(count: int) -> Iterator[Receiver]:
    """A receiver on so many ports, each a host of its own to the server."""
    receiver, loop, ready = Receiver(), asyncio.new_event_loop(), threading.Event()

    async def start() -> None:
        for _ in range(count):
            server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, backlog=512)
            receiver.ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def run() -> None:
        loop.create_task(start())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    ready.wait()
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(loop.stop)


def latencies(server: Server, receiver: Receiver, jobs: int) -> list[float]:
    """Milliseconds from a job's end to the receipt of its message, one job after the other."""
    with tempfile.TemporaryDirectory() as folder, server.client() as client:
        path = Path(folder) / "one.pdf"
        one_page_pdf(path)
        file_id = client.post("/upload", files={"file": ("one.pdf", path.read_bytes())}).json()["file_id"]
        found: list[float] = []
        for _ in range(jobs):
            before = len(receiver.at)
            given = {"input": file_id, "async": {"webhook": {"mode": "svix"}}}
            job_id = client.post("/parse_async", json=given).json()["job_id"]
            receiver.wait_for(before + 1)
            ended = datetime.fromisoformat(client.get(f"/job/{job_id}").json()["ended_at"]).timestamp()
            found.append((receiver.at[before] - ended) * 1000)
    return found


def throughput(server: Server, receiver: Receiver, messages: int) -> tuple[float, float]:
    """Deliveries a second to the healthy endpoints, and the seconds until the last of them came."""
    receiver.at.clear()
    healthy = sum(number % ENDPOINTS >= DEAD for number in range(1, messages + 1))
    with psycopg.connect(server.database, autocommit=True) as connection:
        connection.execute(LOAD, (messages, ENDPOINTS))
        began = time.time()
        connection.execute("SELECT pg_notify('recto_deliveries_due', '')")
    receiver.wait_for(healthy)
    last = max(receiver.at)
    return healthy / (last - began), last - began


def add(client: httpx.Client, port: int) -> str:
    answer = client.post("/recto/v1/webhooks/endpoints", json={"url": f"http://127.0.0.1:{port}/hook"})
    return answer.raise_for_status().json()["id"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000)
    given = parser.parse_args()
    os.environ["RECTO_ALLOWED_HOSTS"] = "127.0.0.1"
    with receiving(ENDPOINTS - DEAD + 1) as receiver, serving(1) as server, server.client() as client:
        first = add(client, receiver.ports[0])
        latencies(server, receiver, 5)
        found = sorted(latencies(server, receiver, given.jobs))
        p50, p95 = statistics.median(found), found[int(len(found) * 0.95)]
        print(
            f"job end to receipt: p50 {p50:.1f} ms, p95 {p95:.1f} ms, {given.jobs} jobs (p50 < {REACH_MS:g})"
        )
        client.delete(f"/recto/v1/webhooks/endpoints/{first}")
        silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(DEAD)]
        for one in silent:
            add(client, one.getsockname()[1])
        for port in receiver.ports[1:]:
            add(client, port)
        rate, seconds = throughput(server, receiver, given.messages)
        print(
            f"{given.messages} messages to {ENDPOINTS} endpoints, {DEAD} of them silent: the healthy ones had theirs"
            f" after {seconds:.2f} s, {rate:.0f} deliveries/s"
        )
        for one in silent:
            one.close()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
