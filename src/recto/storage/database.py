"""The connection to PostgreSQL: an engine for queries, and the migrations run before anything else.

Everything above passes an open `AsyncConnection` to the functions of `storage.queries`; transactions are begun
by the caller (`async with database.begin() as connection`), because one transaction often spans several of them.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import alembic.command
import alembic.config
import psycopg
import sqlalchemy as sa
import sqlalchemy.engine
import sqlalchemy.event
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from recto.errors import Unavailable

MIGRATION_LOCK = 7_233_870_155  # any constant: who starts first migrates, the others wait
POOL_SIZE = 10

IDLE_TRANSACTION_S = 10
"""A transaction in which nothing happens for so long is ended by the server, and with it the locks that it holds:
its process stands still, or its host is gone without a word. Ours take milliseconds; as long as a lease."""

SILENCE_S = 20
"""A connection whose other end acknowledges nothing for so long is given up, on both sides. The defaults of an
operating system are two hours for a quiet connection and a quarter of an hour for one that waits."""

KEPT_ALIVE = {
    "keepalives": 1,
    "keepalives_idle": SILENCE_S // 2,
    "keepalives_interval": SILENCE_S // 4,
    "keepalives_count": 2,
    "tcp_user_timeout": SILENCE_S * 1000,
    "connect_timeout": SILENCE_S // 2,
}
"""What the client's side of a connection does about silence; without meaning on a Unix socket."""

_SERVERS_SIDE = f"""
    SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_S}s';
    SET tcp_keepalives_idle = {SILENCE_S // 2};
    SET tcp_keepalives_interval = {SILENCE_S // 4};
    SET tcp_keepalives_count = 2;
    SET tcp_user_timeout = {SILENCE_S * 1000};
""".encode()

_OUT_OF_REACH = (
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,  # every connection of the pool is in use
    psycopg.OperationalError,
)


def driver_url(url: str) -> str:
    """The URL with the driver that SQLAlchemy is to use; accepts postgres:// and postgresql://."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError(f"RECTO_DATABASE_URL must begin with postgresql://, not with {scheme!r}")
    return f"postgresql+psycopg://{rest}"


def plain_url(url: str) -> str:
    """The URL as psycopg itself wants it."""
    return "postgresql://" + url.partition("://")[2]


def attentive(url: str) -> str:
    """The URL with an end to silence (`KEPT_ALIVE`), so far as it says nothing else itself.

    >>> attentive("postgresql://h/d?connect_timeout=3").count("connect_timeout")
    1
    """
    parts = urlsplit(url)
    given = parse_qsl(parts.query, keep_blank_values=True)
    named = {name for name, _ in given}
    missing = [(name, str(value)) for name, value in KEPT_ALIVE.items() if name not in named]
    return urlunsplit(parts._replace(query=urlencode(given + missing)))


async def limit_silence(connection: psycopg.AsyncConnection) -> None:
    """Have the server end what a process leaves behind that stands still or is gone: see IDLE_TRANSACTION_S.

    Not for connections through a pooler that lends them: what is set there would stay with the next user.
    """
    await connection.execute(_SERVERS_SIDE)


class Database:
    """An asynchronous connection pool on one PostgreSQL database."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE, pooled: bool = False) -> None:
        """Open nothing yet; connections are made when first needed. `pooled`: see `storage.pooler`."""
        self.url = plain_url(url)
        self._engine: AsyncEngine = create_async_engine(
            driver_url(attentive(url)),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={"prepare_threshold": None} if pooled else {},
        )
        if not pooled:
            sqlalchemy.event.listen(self._engine.sync_engine, "connect", _limit_silence)
        sqlalchemy.event.listen(self._engine.sync_engine, "handle_error", _leave_ended)
        self._looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")  # the same pool

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction: committed at the end of the block, rolled back on an exception.

        Raises:
            Unavailable: the database cannot be reached.
        """
        try:
            async with self._engine.begin() as connection:
                yield connection
        except _OUT_OF_REACH as error:
            raise Unavailable from error
        except sqlalchemy.exc.InternalError as error:
            if not error.connection_invalidated:
                raise
            raise Unavailable from error  # this process stood still for too long: see IDLE_TRANSACTION_S

    @asynccontextmanager
    async def look(self) -> AsyncGenerator[AsyncConnection]:
        """A connection for reading: each statement stands alone, which spares the round trips of a transaction.

        Raises:
            Unavailable: the database cannot be reached.
        """
        try:
            async with self._looking.connect() as connection:
                yield connection
        except _OUT_OF_REACH as error:
            raise Unavailable from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _limit_silence(connection: Any, record: object) -> None:
    """The same as `limit_silence`, in the form in which SQLAlchemy hands out a new connection."""
    del record
    cursor = connection.cursor()
    cursor.execute(_SERVERS_SIDE)
    cursor.close()
    connection.commit()  # a SET of a transaction that is rolled back is taken back with it


def _leave_ended(context: sqlalchemy.engine.ExceptionContext) -> None:
    """Have the pool drop a connection that the server has ended, which this driver reports as a fault inside."""
    if isinstance(context.original_exception, psycopg.errors.IdleInTransactionSessionTimeout):
        context.is_disconnect = True


async def raw(connection: AsyncConnection) -> psycopg.AsyncConnection:
    """The driver's own connection under the transaction, for the job engine's inserts."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, psycopg.AsyncConnection):
        raise TypeError("the database driver is not psycopg")
    return driver


def migrate(url: str) -> None:
    """Bring the database to this version's tables; several processes may call it at once."""
    engine = sa.create_engine(driver_url(url), connect_args={"prepare_threshold": None})
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            # Of the transaction, not of the session: through a pooler a session's lock would stay for ever.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, "head")
    except sqlalchemy.exc.OperationalError as error:
        raise Unavailable(f"The database cannot be reached: {error.orig}") from error
    finally:
        engine.dispose()
