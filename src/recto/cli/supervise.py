"""Keeps the processes of one server together: commands in, an exit code out. Knows nothing of what they do.

Each child has a session of its own, so a Ctrl-C reaches only the supervisor, which then ends them all: first
SIGTERM, after a grace SIGKILL to the child's whole group, grandchildren included. A child that dies is
started again, with growing pauses. A child that called `exit_with_supervisor` follows a killed supervisor.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SUPERVISOR_VARIABLE = "RECTO_SUPERVISED_BY"  # process id of the supervisor, in its children's environment
ORPHAN_POLL_S = 0.5
ORPHAN_GRACE_S = 5.0  # then the child's whole group is killed: the next server wants its port

FIRST_PAUSE_S = 1.0  # before a dead child is started again; doubles each time
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a child that lived this long starts with the first pause again
STOP_GRACE_S = 20.0
FORCED_EXIT = 130  # the shell's code for a program ended by Ctrl-C


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running: its name for people, its command, and what to add to the environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])


def pause_before_restart(previous_s: float, lived_s: float) -> float:
    """The pause in seconds before a child is started again: doubles, and starts anew after a steady life.

    >>> pause_before_restart(0, 0.1), pause_before_restart(4, 0.1), pause_before_restart(30, 99)
    (1.0, 8, 1.0)
    """
    if previous_s <= 0 or lived_s >= STEADY_S:
        return FIRST_PAUSE_S
    return min(previous_s * 2, LONGEST_PAUSE_S)


def how_it_ended(code: int) -> str:
    """A process's exit code in words: 'exit code 3', 'SIGKILL'.

    >>> how_it_ended(3), how_it_ended(-9)
    ('exit code 3', 'SIGKILL')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def tell(line: str) -> None:
    """Say something to the person at the terminal, on the error stream where the logs are."""
    print(f"recto: {line}", file=sys.stderr, flush=True)


class Supervisor:
    """Runs children until told to stop. One `run` per instance."""

    def __init__(
        self,
        children: Iterable[Child],
        *,
        stop_grace_s: float = STOP_GRACE_S,
        say: Callable[[str], None] = tell,
    ) -> None:
        """Take the children in the order in which they are to start; nothing starts yet."""
        self._children = tuple(children)
        self._stop_grace_s = stop_grace_s
        self._say = say
        self._stop = asyncio.Event()
        self._force = asyncio.Event()
        self._deaths = dict.fromkeys((child.name for child in self._children), 0)

    @property
    def forced(self) -> bool:
        """Whether a second Ctrl-C asked to end at once."""
        return self._force.is_set()

    def deaths(self, name: str) -> int:
        """How often the child of this name has ended without being asked to."""
        return self._deaths[name]

    def stop(self) -> None:
        """Ask for the end; asked again, everything is killed at once. What SIGINT and SIGTERM do."""
        (self._force if self._stop.is_set() else self._stop).set()

    async def run(
        self,
        started: Callable[[], Awaitable[None]] | None = None,
        watch: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> int:
        """Start the children, keep them running until SIGINT, SIGTERM or SIGHUP, then end them.

        `started` is awaited once they have been launched: what it raises ends everything and is raised here.
        `watch` runs beside them until the end. Returns 0, or 130 after a second Ctrl-C.
        """
        with _signals(self.stop):
            keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
            beside = [asyncio.create_task(watch())] if watch else []
            try:
                await self._first_words(started)
                await self._until_stopped(beside)
            finally:
                self._stop.set()
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)
                await asyncio.gather(*keepers)
        return FORCED_EXIT if self.forced else 0

    async def _first_words(self, started: Callable[[], Awaitable[None]] | None) -> None:
        """Await `started`, unless the stop comes first."""
        if started is None:
            return
        starting = asyncio.ensure_future(started())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
            return
        await starting  # raises what it raised

    async def _until_stopped(self, beside: list[asyncio.Task[None]]) -> None:
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({stopping, *beside}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():  # the watch ended first: it has nothing more to say, or failed
            for task in beside:
                task.result()
            await stopping

    async def _keep(self, child: Child) -> None:
        """Start the child again and again until the stop; the last act is to end it."""
        pause_s = 0.0
        while not self._stop.is_set():
            born = time.monotonic()
            process = await self._launch(child)
            ending = "could not be started"
            if process:
                if not await self._ended_by_itself(process):
                    await self._end(child, process)
                    return
                _kill_group(process.pid)  # what it left behind
                ending = f"ended ({how_it_ended(process.returncode or 0)})"
            self._deaths[child.name] += 1
            pause_s = pause_before_restart(pause_s, time.monotonic() - born)
            self._say(f"{child.name} {ending}; starting it again in {pause_s:.0f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_s)

    async def _launch(self, child: Child) -> asyncio.subprocess.Process | None:
        try:
            return await asyncio.create_subprocess_exec(
                *child.argv,
                env={**os.environ, **child.env, SUPERVISOR_VARIABLE: str(os.getpid())},
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self._say(f"{child.argv[0]}: {error.strerror}")
            return None

    async def _ended_by_itself(self, process: asyncio.subprocess.Process) -> bool:
        """Wait for the process's end or the stop; False when it still runs."""
        return await _comes_first(process.wait(), self._stop.wait()) or process.returncode is not None

    async def _end(self, child: Child, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        patience = asyncio.wait_for(self._force.wait(), self._stop_grace_s)
        if not await _comes_first(process.wait(), patience):
            if not self.forced:
                self._say(f"{child.name} did not end within {self._stop_grace_s:.0f} s and is killed")
            _kill_group(process.pid)
            await process.wait()
        _kill_group(process.pid)  # what it left behind


async def _comes_first(first: Coroutine[Any, Any, Any], other: Coroutine[Any, Any, Any]) -> bool:
    """Whether `first` is done when one of the two is; the one that is late is cancelled."""
    one, two = asyncio.create_task(first), asyncio.create_task(other)
    await asyncio.wait({one, two}, return_when=asyncio.FIRST_COMPLETED)
    won = one.done()
    for task in (one, two):
        task.cancel()
    await asyncio.gather(one, two, return_exceptions=True)
    return won


def _kill_group(process_id: int) -> None:
    """Kill every process of the group that the child leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process_id, signal.SIGKILL)


@contextmanager
def _signals(stop: Callable[[], None]) -> Generator[None]:
    """Route the signals that end a server to `stop`; an ignored SIGHUP (nohup) stays ignored."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    before = {which: signal.getsignal(which) for which in wanted}
    loop = asyncio.get_running_loop()
    for which in wanted:
        loop.add_signal_handler(which, stop)
    try:
        yield
    finally:
        for which, handler in before.items():
            loop.remove_signal_handler(which)
            signal.signal(which, handler)


def exit_with_supervisor() -> None:
    """End this process when its supervisor is gone, even killed: SIGTERM to itself, then its group is killed.

    For the commands that a supervisor starts; does nothing for one started by hand. Call it first of all.
    """
    supervisor = os.environ.get(SUPERVISOR_VARIABLE, "")
    if supervisor.isdigit():
        threading.Thread(
            target=_watch_parent, args=(int(supervisor),), daemon=True, name="supervisor"
        ).start()


def _watch_parent(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(ORPHAN_POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_GRACE_S)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
