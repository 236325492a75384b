"""The connection to PostgreSQL: an engine for queries, and the migrations run before anything else.

Everything above passes an open `AsyncConnection` to the functions of `storage.queries`; transactions are begun
by the caller (`async with database.begin() as connection`), because one transaction often spans several of them.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import alembic.command
import alembic.config
import psycopg
import sqlalchemy as sa
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from recto.errors import Unavailable

MIGRATION_LOCK = 7_233_870_155  # any constant: who starts first migrates, the others wait
POOL_SIZE = 10

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


class Database:
    """An asynchronous connection pool on one PostgreSQL database."""

    def __init__(self, url: str, *, pool_size: int = POOL_SIZE, pooled: bool = False) -> None:
        """Open nothing yet; connections are made when first needed. `pooled`: see `storage.pooler`."""
        self.url = plain_url(url)
        self._engine: AsyncEngine = create_async_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args={"prepare_threshold": None} if pooled else {},
        )
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
