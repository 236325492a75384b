"""Child processes that crash, hang, eat memory or send nonsense: one call is lost, never the pool."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

import child_work
from recto.errors import DocumentLocked, Internal, ReadTimedOut, SubprocessCrashed, Unavailable
from recto.jobs import children as children_module
from recto.jobs.children import Children

JOB = uuid4()
PARENT = """
import asyncio, sys
from pathlib import Path
from uuid import uuid4
import child_work
from recto.jobs.children import Children

async def main(folder):
    children = Children(2, 0, 512, 512)
    await asyncio.gather(
        children.run("read", uuid4(), 60, child_work.sleep_noting_pid, folder / "sleeping", 60),
        children.run("read", uuid4(), 60, child_work.hang_in_native_code, folder / "hanging"),
    )

if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def children():
    pool = Children(2, 0, 512, 512)
    yield pool
    pool.stop()


async def call(children, function, *args, timeout_s=20.0, job=JOB):
    return await children.run("read", job, timeout_s, function, *args)


async def still_works(children):
    pids = await asyncio.gather(*(call(children, child_work.pid) for _ in range(4)))
    return all(os.getpid() != pid for pid in pids)


async def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


def pid_in(path: Path) -> int | None:
    text = path.read_text() if path.exists() else ""
    return int(text) if text else None


async def test_a_call_runs_in_another_process_and_gives_its_result(children):
    assert await call(children, child_work.eat, 1) == 1024 * 1024
    assert await still_works(children)


async def test_a_segfault_is_told_and_others_go_on(children):
    other = asyncio.create_task(call(children, time.sleep, 0.5))
    with pytest.raises(SubprocessCrashed, match="SIGSEGV"):
        await call(children, child_work.segfault)
    await other
    assert await still_works(children)


async def test_a_child_that_has_grown_is_replaced_after_its_work():
    pool = Children(1, 0, 1024, 512, recycle_mb=256)
    try:
        small = [await call(pool, child_work.keep, 1) for _ in range(3)]
        assert len(set(small)) == 1
        assert await call(pool, child_work.keep, 256) == small[0], "its work is not lost"
        after = [await call(pool, child_work.keep, 1) for _ in range(2)]
        assert len(set(after)) == 1
        assert after[0] != small[0]
    finally:
        pool.stop()


async def test_a_child_is_replaced_after_its_number_of_pieces(monkeypatch):
    monkeypatch.setattr(children_module, "UNITS_PER_CHILD", 2)
    pool = Children(1, 0, 1024, 512)
    try:
        pids = [await call(pool, child_work.pid) for _ in range(4)]
    finally:
        pool.stop()
    assert pids[0] == pids[1] != pids[2] == pids[3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
async def test_a_full_disk_is_the_servers_fault_and_not_the_documents(children):
    with pytest.raises(Unavailable, match="The server has no room: No space left on device"):
        await call(children, child_work.write_to, Path("/dev/full"))
    with pytest.raises(Internal, match="FileNotFoundError"):
        await call(children, child_work.write_to, Path("/no/such/folder/file"))


async def test_an_exit_is_told_with_its_code(children):
    with pytest.raises(SubprocessCrashed, match="exit code 3"):
        await call(children, child_work.leave, 3)
    assert await still_works(children)


async def test_errors_of_ours_come_back_as_they_are(children):
    with pytest.raises(DocumentLocked) as caught:
        await call(children, child_work.refuse)
    assert caught.value.message == "It wants a password."


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (child_work.raise_stubborn, "Stubborn"),
        (child_work.raise_unpicklable, "Unpicklable"),
        (child_work.give_lambda, "Error"),
    ],
)
async def test_what_cannot_travel_between_processes_is_an_error_of_that_call_alone(children, function, named):
    with pytest.raises(Internal, match=named):
        await call(children, function)
    assert await still_works(children)


async def test_more_memory_than_allowed_ends_the_child_not_the_machine(children):
    with pytest.raises(SubprocessCrashed, match="more than 512 MB"):
        await call(children, child_work.eat, 600)
    assert await call(children, child_work.eat, 100) == 100 * 1024 * 1024


@pytest.mark.parametrize("function", [child_work.sleep_noting_pid, child_work.hang_in_native_code])
async def test_a_call_is_stopped_at_its_deadline(children, tmp_path, function):
    noted = tmp_path / "pid"
    args = (noted, 60) if function is child_work.sleep_noting_pid else (noted,)
    began = time.monotonic()
    with pytest.raises(ReadTimedOut, match="1 seconds"):
        await call(children, function, *args, timeout_s=1.0)
    assert time.monotonic() - began < 3
    pid = pid_in(noted)
    assert pid is not None
    await until(lambda: not psutil.pid_exists(pid), 1)
    assert await still_works(children)


async def test_killing_a_job_kills_its_children_only(children, tmp_path):
    one, other = uuid4(), uuid4()
    calls = {
        job: asyncio.create_task(
            call(children, child_work.sleep_noting_pid, tmp_path / name, seconds, job=job)
        )
        for job, name, seconds in ((one, "one", 60), (other, "other", 1.0))
    }
    await until(lambda: pid_in(tmp_path / "one") and pid_in(tmp_path / "other"))
    assert children.kill_job(one) == 1
    assert children.kill_job(uuid4()) == 0
    with pytest.raises(asyncio.CancelledError):
        await calls[one]
    killed = pid_in(tmp_path / "one")
    assert killed is not None
    await until(lambda: not psutil.pid_exists(killed), 2)
    await calls[other]
    assert children.kill_job(one) == 0
    assert await still_works(children)


async def test_a_pool_whose_idle_children_were_killed_is_made_anew(children):
    pids = set()
    while len(pids) < 2:
        pids |= set(await asyncio.gather(*(call(children, child_work.pid) for _ in range(4))))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not children._pools["read"].active, 5)
    assert await still_works(children)


async def test_children_die_with_a_worker_that_is_killed(tmp_path):
    script = tmp_path / "worker.py"
    script.write_text(PARENT)
    tests = Path(__file__).parent.parent
    worker = await asyncio.create_subprocess_exec(
        sys.executable, script, tmp_path, env=os.environ | {"PYTHONPATH": str(tests)}, start_new_session=True
    )
    try:
        await until(lambda: pid_in(tmp_path / "sleeping") and pid_in(tmp_path / "hanging"), 20)
        family = psutil.Process(worker.pid).children(recursive=True)
        assert len(family) >= 3  # the fork server and two children at least
    finally:
        worker.kill()
        await worker.wait()
    await until(lambda: not any(runs(member) for member in family), 5)


def runs(process: psutil.Process) -> bool:
    """Whether it is there and not merely waiting for whoever adopted it to take note of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
