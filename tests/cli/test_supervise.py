"""The supervisor, with real processes: small children that live, die, refuse and leave orphans."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from recto.cli import supervise
from recto.cli.supervise import ORPHAN_POLL_S, Child, Supervisor, how_it_ended, pause_before_restart

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes")


def alive(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def until(true, within_s=10.0):
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)


async def until_dead(supervisor, name, times):
    give_up = time.monotonic() + 10
    while supervisor.deaths(name) < times:
        assert time.monotonic() < give_up, "waited in vain"
        await asyncio.sleep(0.01)
    supervisor.stop()


async def until_there(*paths, within_s=10.0):
    give_up = time.monotonic() + within_s
    while not all(path.exists() and path.read_text().endswith("\n") for path in paths):
        assert time.monotonic() < give_up, f"waited in vain for {paths}"
        await asyncio.sleep(0.02)


def shell(name, script, **env):
    return Child(name, ("/bin/sh", "-c", script), env)


@pytest.mark.parametrize(
    ("previous_s", "lived_s", "pause_s"), [(0, 0, 1), (1, 0, 2), (16, 0, 30), (30, 0, 30), (30, 61, 1)]
)
def test_the_pause_doubles_up_to_its_limit_and_starts_anew(previous_s, lived_s, pause_s):
    assert pause_before_restart(previous_s, lived_s) == pause_s


def test_an_ending_in_words():
    assert [how_it_ended(code) for code in (0, 3, -15, -9, -250)] == [
        "exit code 0",
        "exit code 3",
        "SIGTERM",
        "SIGKILL",
        "signal 250",
    ]


async def test_children_get_their_environment_and_end_politely(tmp_path):
    first, second, bye = tmp_path / "first", tmp_path / "second", tmp_path / "bye"
    polite = f"trap 'echo bye > {bye}; exit 0' TERM; echo $COLOUR > {second}; while :; do sleep 0.05; done"
    supervisor = Supervisor(
        [
            shell("one", f"echo $RECTO_SUPERVISED_BY > {first}; exec sleep 60"),
            shell("two", polite, COLOUR="green"),
        ]
    )

    async def started():
        await until_there(first, second)
        supervisor.stop()

    assert await supervisor.run(started) == 0
    assert first.read_text() == f"{os.getpid()}\n"
    assert second.read_text() == "green\n"
    assert bye.read_text() == "bye\n"
    assert supervisor.deaths("one") == supervisor.deaths("two") == 0
    assert not supervisor.forced


async def test_a_dead_child_is_started_again_and_people_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, "FIRST_PAUSE_S", 0.05)
    count, left_behind, said = tmp_path / "count", tmp_path / "left", []
    script = f"sleep 60 & echo $! > {left_behind}; echo x >> {count}; exit 7"
    supervisor = Supervisor([shell("frail", script)], say=said.append)

    assert await supervisor.run(lambda: until_dead(supervisor, "frail", 3)) == 0
    assert len(count.read_text().splitlines()) == 3
    assert said[0].startswith("frail ended (exit code 7); starting it again in ")
    assert not alive(int(left_behind.read_text()))


async def test_a_program_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(supervise, "FIRST_PAUSE_S", 0.01)
    said = []
    supervisor = Supervisor([Child("ghost", ("/no/such/program",))], say=said.append)

    assert await supervisor.run(lambda: until_dead(supervisor, "ghost", 1)) == 0
    assert said[0] == "/no/such/program: No such file or directory"


STUBBORN = "trap '' TERM; sleep 60 & echo $! $$ > {}; while :; do wait; done"


async def test_a_child_that_will_not_end_is_killed_with_its_children(tmp_path):
    pids, said = tmp_path / "pids", []
    supervisor = Supervisor([shell("mule", STUBBORN.format(pids))], stop_grace_s=0.2, say=said.append)

    async def started():
        await until_there(pids)
        supervisor.stop()

    assert await supervisor.run(started) == 0
    assert said == ["mule did not end within 0 s and is killed"]
    for pid in map(int, pids.read_text().split()):
        until(lambda pid=pid: not alive(pid))


async def test_a_second_request_kills_at_once(tmp_path):
    pids = tmp_path / "pids"
    supervisor = Supervisor([shell("mule", STUBBORN.format(pids))], stop_grace_s=60)

    async def started():
        await until_there(pids)
        supervisor.stop()
        supervisor.stop()

    before = time.monotonic()
    assert await supervisor.run(started) == 130
    assert time.monotonic() - before < 10
    assert supervisor.forced


async def test_a_failed_start_ends_everything_and_is_raised(tmp_path):
    pid = tmp_path / "pid"
    supervisor = Supervisor([shell("one", f"echo $$ > {pid}; exec sleep 60")])

    async def started():
        await until_there(pid)
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer"):
        await supervisor.run(started)
    assert not alive(int(pid.read_text()))


async def test_the_watch_runs_until_the_end_and_its_failure_is_raised(tmp_path):
    ticks = []

    async def watch():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    supervisor = Supervisor([shell("one", "exec sleep 60")])
    asyncio.get_running_loop().call_later(0.2, supervisor.stop)
    assert await supervisor.run(watch=watch) == 0
    assert len(ticks) > 2

    async def broken():
        raise RuntimeError("watch is broken")

    with pytest.raises(RuntimeError, match="watch is broken"):
        await Supervisor([shell("one", "exec sleep 60")]).run(watch=broken)


async def test_a_stop_while_starting_does_not_wait_for_the_start():
    supervisor = Supervisor([shell("one", "exec sleep 60")])

    async def never():
        await asyncio.sleep(600)

    asyncio.get_running_loop().call_later(0.1, supervisor.stop)
    assert await asyncio.wait_for(supervisor.run(never), 10) == 0


CHILD = """
import os, pathlib, sys, time
from recto.cli.supervise import exit_with_supervisor
exit_with_supervisor()
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()}\\n")
time.sleep(600)
"""
PARENT = f"""
import asyncio, sys
from recto.cli.supervise import Child, Supervisor
child = Child("one", (sys.executable, "-c", {CHILD!r}, sys.argv[1]))
sys.exit(asyncio.run(Supervisor([child]).run()))
"""


@pytest.mark.parametrize(
    ("which", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGKILL, -9)]
)
def test_every_signal_ends_the_children_too(tmp_path, which, code):
    pid = tmp_path / "pid"
    supervisor = subprocess.Popen([sys.executable, "-c", PARENT, str(pid)])
    until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    child = int(pid.read_text())
    assert os.getsid(child) == child  # a Ctrl-C at the terminal does not reach it
    supervisor.send_signal(which)
    assert supervisor.wait(10) == code
    until(lambda: not alive(child))


def test_a_child_started_by_hand_is_left_alone(monkeypatch):
    monkeypatch.delenv(supervise.SUPERVISOR_VARIABLE, raising=False)
    wait_s = 2 * ORPHAN_POLL_S
    code = f"from recto.cli.supervise import *; exit_with_supervisor(); time.sleep({wait_s}); print('lived')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "lived\n"
