"""Runs a role of Recto that dies, or stops, at one point of its code: python faulty.py POINT ROLE [WORDS].

The product knows nothing of this; what is replaced here are its own functions, by ones that do the same and
then end the process, as a kernel that runs out of memory would.
"""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from recto.cli.main import app
from recto.jobs.flow import Flow
from recto.jobs.records import Recorder
from recto.jobs.submit import Submitter
from recto.storage.database import Database
from recto.webhooks.delivery import Deliverer

_wrote: ContextVar[bool] = ContextVar("wrote", default=False)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def after(owner: type, name: str, act: Callable[[], object]) -> None:
    """Let a method act when it has done its work."""
    original = getattr(owner, name)

    async def replaced(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        act()
        return result

    setattr(owner, name, replaced)


def die_once_committed() -> None:
    """Let the process die right after the commit of a transaction in which something was marked."""
    original = Database.begin

    @asynccontextmanager
    async def begin(self: Database) -> AsyncGenerator[Any]:
        async with original(self) as connection:
            yield connection
        if _wrote.get():
            die()

    Database.begin = begin


def marked() -> None:
    _wrote.set(True)


def arm(point: str) -> None:
    match point:
        case "job-written":
            after(Submitter, "parse", die)
        case "job-committed":
            after(Submitter, "parse", marked)
            die_once_committed()
        case "unit-committed":
            after(Recorder, "_follow_up", marked)
            die_once_committed()
        case "end-committed":
            after(Flow, "end", marked)
            die_once_committed()
        case "unit-written-and-held":
            after(Recorder, "_follow_up", freeze)
        case "webhook-posted":
            after(Deliverer, "post", die)
        case _:
            raise SystemExit(f"there is no fault point {point}")


if __name__ == "__main__":
    arm(sys.argv.pop(1))
    app()
