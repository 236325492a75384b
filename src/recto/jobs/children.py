"""Child processes that do everything native: opening files, recognising, assembling. Warm, limited, killable.

Two pools (Pebble): readers, and few recognisers, because these hold models in memory. A child that crashes,
hangs past its deadline or is cancelled is killed and replaced; only its own piece of work is lost. Nothing
native ever runs in the process that holds database connections (pdfium is not thread-safe).

Between the processes travel bytes and plain texts only: an object that cannot be pickled here, or unpickled
there, would otherwise break the pool itself (Pebble gives up a pool whose messages it cannot read).
"""

import asyncio
import ctypes
import errno
import multiprocessing
import os
import pickle
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from tempfile import mkdtemp
from traceback import format_exc
from typing import Any, Literal, ParamSpec, Self, TypeVar, cast
from uuid import UUID

import psutil
import structlog
from pebble import ProcessExpired, ProcessPool

from recto.errors import (
    NO_ROOM,
    DocumentTooLarge,
    ErrorRecord,
    Internal,
    ReadTimedOut,
    RectoError,
    SubprocessCrashed,
    from_record,
    of_ours,
)
from recto.jobs.confinement import fence, limit_files, limit_time, take_room, tidy_room

Pool = Literal["read", "ocr"]
P = ParamSpec("P")
R = TypeVar("R")

PRELOADED = [
    "recto.results.parse",
    "recto.jobs.assembling",
    "recto.jobs.extracting",
    "recto.results.extract.rules",
]
UNITS_PER_CHILD = 500  # a child is replaced after so many pieces of work, against slow leaks (a guess)
RECYCLED_SHARE = 0.6  # of its memory limit; a child that has grown beyond is replaced (a guess)
MEBIBYTE = 1024 * 1024
FILE_BYTES = (
    1024 * MEBIBYTE
)  # of a file that a child writes, at the least; a repaired document is as large as it
WATCH_S = 0.5
OUT_OF_MEMORY = 71  # exit code of a child that reached its limit; any that nothing else uses
PR_SET_PDEATHSIG = 1  # linux/prctl.h

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child sends back: the pickled value, or one of our errors, or the trace of any other."""

    value: bytes = b""
    error: ErrorRecord | None = None
    fault: str | None = None
    trace: str = ""


class Lifetime(int):
    """How many pieces of work a child does before it is replaced: so many, fewer when it has grown too large.

    Pebble asks after every piece, in the child, whether the number done is below this one.
    """

    resident_bytes: int

    def __new__(cls, pieces: int, resident_bytes: int) -> Self:
        """Take both limits."""
        made = super().__new__(cls, pieces)
        made.resident_bytes = resident_bytes
        return made

    def __reduce__(self) -> tuple[type["Lifetime"], tuple[int, int]]:
        return Lifetime, (int(self), self.resident_bytes)

    def __gt__(self, done: int) -> bool:
        """Whether a child that has done so many pieces goes on."""
        if done and resident_size() > self.resident_bytes:
            log.info("a child is replaced, it has grown large", units=done, limit_bytes=self.resident_bytes)
            return False
        return int(self) > done


def resident_size() -> int:
    """Bytes of memory this process holds at present."""
    return int(psutil.Process().memory_info().rss)


class Children:
    """The pools of one worker. `run` does one function call in a child; `kill_job` ends a job's calls."""

    def __init__(
        self,
        readers: int,
        recognisers: int,
        memory_mb: int,
        ocr_memory_mb: int,
        recycle_mb: int | None = None,
        *,
        scratch: Path | None = None,
        file_bytes: int = FILE_BYTES,
    ) -> None:
        """Start the pools; the children themselves start with the first calls (see `warm_up`).

        A child that holds more than `recycle_mb` after a piece of work is replaced; None: a share of its limit.
        Children put temporary files into rooms of their own in `scratch`, by default a folder that `stop` removes.
        """
        self._own_scratch = Path(mkdtemp(prefix="recto-children-")) if scratch is None else None
        self._scratch = scratch or self._own_scratch
        self._file_bytes = max(file_bytes, FILE_BYTES)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._sizes: dict[Pool, int] = {"read": readers, "ocr": recognisers}
        self._memory_mb: dict[Pool, int] = {"read": memory_mb, "ocr": ocr_memory_mb}
        self._recycle_mb = recycle_mb
        self._pools: dict[Pool, ProcessPool] = {
            name: self._new_pool(name) for name, size in self._sizes.items() if size > 0
        }
        self._running: dict[UUID, set[Future[Answer]]] = {}

    @property
    def recognises(self) -> bool:
        """Whether there are children for recognition at all."""
        return self._sizes["ocr"] > 0

    async def warm_up(self) -> None:
        """Start the reading children, so that the first document does not wait for them."""
        calls = [self._pools["read"].schedule(time.sleep, args=[0.05]) for _ in range(self._sizes["read"])]
        await asyncio.gather(*(asyncio.wrap_future(call) for call in calls))

    async def run(
        self,
        pool: Pool,
        job_id: UUID,
        timeout_s: float,
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Call the function in a child and give its result.

        Raises:
            RectoError: what the function raised.
            ReadTimedOut, SubprocessCrashed: the child was killed at its deadline, or died.
            Internal: the function raised something else, or its result cannot be sent between processes.
            asyncio.CancelledError: the job was ended by `kill_job`, or the caller was cancelled.
        """
        call = cast(
            "Future[Answer]",
            self._living(pool).schedule(
                answer_for, args=[function, args, kwargs, timeout_s], timeout=max(0.05, timeout_s)
            ),
        )
        calls = self._running.setdefault(job_id, set())
        calls.add(call)
        try:
            answer = await asyncio.wrap_future(call)
        except TimeoutError as error:
            raise ReadTimedOut(
                f"Reading took longer than {timeout_s:.0f} seconds and was stopped."
            ) from error
        except ProcessExpired as error:
            if cast("int | None", error.exitcode) == -signal.SIGXCPU:
                raise ReadTimedOut("Reading used more processor time than it may and was stopped.") from error
            raise SubprocessCrashed(self._how_it_died(pool, error)) from error
        except BrokenProcessPool as error:
            raise SubprocessCrashed("The processes that read documents ended unexpectedly.") from error
        finally:
            calls.discard(call)
            if not calls:
                self._running.pop(job_id, None)
        return cast("R", _opened(answer, job_id))

    def kill_job(self, job_id: UUID) -> int:
        """Kill the children that work for this job; returns how many calls were ended."""
        calls = list(self._running.get(job_id, ()))
        for call in calls:
            call.cancel()
        return len(calls)

    def stop(self) -> None:
        """Kill every child and wait for it."""
        for pool in self._pools.values():
            pool.stop()
        for pool in self._pools.values():
            pool.join(timeout=5)
        if self._own_scratch is not None:
            shutil.rmtree(self._own_scratch, ignore_errors=True)

    def _living(self, name: Pool) -> ProcessPool:
        """The pool, made anew when it is broken: Pebble's breaks when a child dies that has nothing to do."""
        pool = self._pools[name]
        if not pool.active:
            log.warning("a pool of child processes is broken and started anew", pool=name)
            pool.stop()
            pool.join(timeout=5)
            pool = self._pools[name] = self._new_pool(name)
        return pool

    def _new_pool(self, name: Pool) -> ProcessPool:
        largest_mb = self._recycle_mb or self._memory_mb[name] * RECYCLED_SHARE
        return ProcessPool(
            max_workers=self._sizes[name],
            max_tasks=Lifetime(UNITS_PER_CHILD, int(largest_mb * MEBIBYTE)),
            initializer=prepare_child,
            initargs=[os.getpid(), self._memory_mb[name] * MEBIBYTE, self._scratch, self._file_bytes],
            context=self._context,  # pyright: ignore[reportArgumentType] - Pebble's protocol knows only Unix pipes
        )

    def _how_it_died(self, pool: Pool, error: ProcessExpired) -> str:
        code = cast("int | None", error.exitcode)
        if code == OUT_OF_MEMORY:
            return f"Reading needed more than {self._memory_mb[pool]} MB of memory."
        if code in {-signal.SIGABRT, -signal.SIGTRAP}:  # how pdfium and C++ end when they get no more memory
            return (
                "The process that read the document gave up, most likely because it needed more than "
                f"{self._memory_mb[pool]} MB of memory."
            )
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return f"The process that read the document was ended by {name}."
        return f"The process that read the document ended unexpectedly (exit code {code})."


def _opened(answer: Answer, job_id: UUID) -> object:
    if answer.error is not None:
        raise from_record(answer.error)
    if answer.fault is not None:
        log.error("a child raised something unforeseen", job_id=str(job_id), trace=answer.trace)
        raise Internal(f"Reading failed unexpectedly ({answer.fault}).")
    try:
        return pickle.loads(answer.value)  # noqa: S301 - written by our own child
    except Exception as error:
        log.exception("a child's result cannot be read", job_id=str(job_id))
        raise Internal(f"Reading failed unexpectedly ({type(error).__name__}).") from error


def answer_for(
    function: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any], seconds: float
) -> Answer:
    """Call the function, in the child, and put what it gives or raises into a form that always travels.

    It may compute for so many seconds on all processors; what it leaves in the child's room is removed.
    """
    limit_time(seconds)
    try:
        return _answer(function, args, kwargs)
    finally:
        if _room is not None:
            tidy_room(_room)


def _answer(function: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Answer:
    try:
        return Answer(pickle.dumps(function(*args, **kwargs)))
    except RectoError as error:
        return Answer(error=error.to_record())
    except OSError as error:
        if error.errno == errno.EFBIG:
            return Answer(error=DocumentTooLarge("Reading needed a file larger than it may be.").to_record())
        if error.errno not in NO_ROOM:
            return Answer(fault=type(error).__name__, trace=format_exc())
        return Answer(error=of_ours(error).to_record())
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # what the heap looks like now nobody knows: a fresh child goes on
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent reports it
        return Answer(fault=type(error).__name__, trace=format_exc())


_room: Path | None = None
"""This child's folder for temporary files."""


def prepare_child(owner: int, memory_bytes: int, scratch: Path, file_bytes: int) -> None:
    """First thing in a child: fence and limits, and an eye on the worker so that no child outlives it."""
    global _room  # noqa: PLW0603 - a child is one process with one room
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(
        signal.SIGTERM, signal.SIG_DFL
    )  # ends native code too, which Pebble's handler would wait for
    parent = os.getppid()
    if sys.platform == "linux":
        # RLIMIT_DATA counts private memory only; RLIMIT_AS would also count mapped files and thread stacks.
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        # The fork server ends with its worker, and takes along even a child that never lets a thread run.
        _let_go_of_fork_server()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_files(file_bytes)
    _room = take_room(scratch)
    if fence() == "none":
        log.debug("this system grants no fence: children can reach the network")
    threading.Thread(target=_exit_with, args=(owner, parent), daemon=True).start()


def _let_go_of_fork_server() -> None:
    """Close the child's copy of the pipe by whose end the fork server learns that nobody needs it any more.

    The copy is for children that start processes themselves, which ours do not.
    """
    server = getattr(forkserver, "_forkserver", None)
    pipe = getattr(server, "_forkserver_alive_fd", None)
    if isinstance(pipe, int):
        os.close(pipe)
        setattr(server, "_forkserver_alive_fd", None)  # noqa: B010 - private to the standard library


def _exit_with(owner: int, parent: int) -> None:
    while True:
        if os.getppid() != parent or not _alive(owner):
            os._exit(1)
        time.sleep(WATCH_S)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
