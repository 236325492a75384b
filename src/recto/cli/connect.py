"""Opens the database for a command: the named server, the embedded one of a running server, or a start of it."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from recto.app import prepare
from recto.cli.supervise import tell
from recto.settings import Settings
from recto.storage.database import Database

T = TypeVar("T")


@contextmanager
def reachable(settings: Settings) -> Generator[Settings]:
    """Settings whose database can be used inside the block, migrated.

    Raises:
        Unavailable: there is no way to a database.
    """
    with _with_url(settings) as found:
        first_key = prepare(found).first_key
        if first_key:
            tell(f"the first API key is {first_key}   (shown only now: keep it)")
        yield found


@contextmanager
def _with_url(settings: Settings) -> Generator[Settings]:
    if settings.database_url is not None:
        yield settings
        return
    from recto.storage.embedded import EmbeddedPostgres, running_url  # noqa: PLC0415 - not on Windows

    url = running_url(settings.data_dir)
    if url is not None:
        yield settings.model_copy(update={"database_url": url})
        return
    with EmbeddedPostgres.start(settings.data_dir) as postgres:
        yield settings.model_copy(update={"database_url": postgres.url})


def with_database(settings: Settings, use: Callable[[Database], Awaitable[T]]) -> T:
    """Call `use` with an open database and give its result; the database is migrated first."""
    with reachable(settings) as found:
        return run_with_database(found, use)


def run_with_database(settings: Settings, use: Callable[[Database], Awaitable[T]]) -> T:
    """Call `use` with an open database that is reachable, and give its result."""

    async def run() -> T:
        database = Database(settings.database_url or "", pool_size=2)
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())
