"""The waiter of synchronous calls: what it does with notices."""

import asyncio
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import httpx
import uvicorn
from fastapi import FastAPI

from conftest import free_port
from recto.api import serving
from recto.api.waiting import JobWaiter
from recto.errors import SyncTimeout
from recto.storage.database import Database


async def test_whoever_waits_is_let_go_when_the_server_stops(monkeypatch):
    monkeypatch.setattr(serving, "WAITING_S", 0.3)
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")  # away: nothing ends the wait but this
    waiter = JobWaiter(database)
    api = FastAPI()

    @api.get("/wait")
    async def wait():
        try:
            await waiter.wait(uuid4(), 60)
        except SyncTimeout as error:
            return error.message

    port = free_port()
    config = uvicorn.Config(api, port=port, log_config=None, timeout_graceful_shutdown=serving.GRACE_S)
    server = serving.ApiServer(config, SimpleNamespace(waiter=waiter))
    with server_thread(server), httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=8) as http:
        asking = asyncio.create_task(asyncio.to_thread(http.get, "/wait"))
        await asyncio.sleep(0.5)
        assert not asking.done()
        server.should_exit = True
        answer = await asking
    assert answer.status_code == 200
    assert "being stopped" in answer.json()


@contextmanager
def server_thread(server):
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(15)


async def test_an_odd_notice_is_passed_over_and_a_real_one_wakes():
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        waiter = JobWaiter(database)
        job_id, event = uuid4(), asyncio.Event()
        waiter._waiting[job_id] = {event}
        for odd in ("", "nonsense", "0" * 8000, str(uuid4())):
            waiter._heard(odd)
        assert not event.is_set()
        waiter._heard(str(job_id))
        assert event.is_set()
    finally:
        await database.close()
