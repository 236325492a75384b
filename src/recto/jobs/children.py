"""Child processes that do everything native: opening files, recognising, assembling. Warm, limited, killable.

Two pools (Pebble): readers, and few recognisers, because these hold models in memory. A child that crashes,
hangs past its deadline or is cancelled is killed and replaced; only its own piece of work is lost. Nothing
native ever runs in the process that holds database connections (pdfium is not thread-safe).
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Literal, ParamSpec, TypeVar, cast
from uuid import UUID

import structlog
from pebble import ProcessExpired, ProcessPool

from recto.errors import Internal, ReadTimedOut, RectoError, SubprocessCrashed

Pool = Literal["read", "ocr"]
P = ParamSpec("P")
R = TypeVar("R")

PRELOADED = ["recto.results.parse"]
UNITS_PER_CHILD = 500  # a child is replaced after so many pieces of work, against slow leaks (a guess)
MEBIBYTE = 1024 * 1024
WATCH_S = 0.5

log = structlog.get_logger(__name__)


class Children:
    """The pools of one worker. `run` does one function call in a child; `kill_job` ends a job's calls."""

    def __init__(self, readers: int, recognisers: int, memory_mb: int, ocr_memory_mb: int) -> None:
        """Start the pools; the children themselves start with the first calls (see `warm_up`)."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        owner = os.getpid()
        self._sizes: dict[Pool, int] = {"read": readers, "ocr": recognisers}
        self._memory_mb: dict[Pool, int] = {"read": memory_mb, "ocr": ocr_memory_mb}
        self._pools: dict[Pool, ProcessPool] = {
            name: ProcessPool(
                max_workers=size,
                max_tasks=UNITS_PER_CHILD,
                initializer=prepare_child,
                initargs=[owner, self._memory_mb[name] * MEBIBYTE],
                context=context,  # pyright: ignore[reportArgumentType] - Pebble's protocol knows only Unix pipes
            )
            for name, size in self._sizes.items()
            if size > 0
        }
        self._running: dict[UUID, set[Future[Any]]] = {}

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
            asyncio.CancelledError: the job was ended by `kill_job`, or the caller was cancelled.
        """
        call = cast(
            "Future[R]",
            self._pools[pool].schedule(function, args=args, kwargs=kwargs, timeout=max(0.05, timeout_s)),
        )
        calls = self._running.setdefault(job_id, set())
        calls.add(call)
        try:
            return await asyncio.wrap_future(call)
        except RectoError:
            raise
        except TimeoutError as error:
            raise ReadTimedOut(
                f"Reading took longer than {timeout_s:.0f} seconds and was stopped."
            ) from error
        except ProcessExpired as error:
            raise SubprocessCrashed(_how_it_died(error)) from error
        except MemoryError as error:
            limit = self._memory_mb[pool]
            raise SubprocessCrashed(f"Reading needed more than {limit} MB of memory.") from error
        except Exception as error:
            log.exception("a child raised something unforeseen", job_id=str(job_id))
            raise Internal(f"Reading failed unexpectedly ({type(error).__name__}).") from error
        finally:
            calls.discard(call)
            if not calls:
                self._running.pop(job_id, None)

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


def _how_it_died(error: ProcessExpired) -> str:
    code = cast("int | None", error.exitcode)
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"The process that read the document was ended by {name}."
    return f"The process that read the document ended unexpectedly (exit code {code})."


def prepare_child(owner: int, memory_bytes: int) -> None:
    """First thing in a child: limits, and an eye on the worker so that no child outlives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # RLIMIT_DATA counts private memory only; RLIMIT_AS would also count mapped files and thread stacks.
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_exit_with, args=(owner, os.getppid()), daemon=True).start()


def _exit_with(owner: int, parent: int) -> None:
    while True:
        time.sleep(WATCH_S)
        if os.getppid() != parent or not _alive(owner):
            os._exit(1)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
