"""The workers that are alive, each a row that it renews: what they serve, and who recognises.

A row is not removed when its worker stops: for a while it says that the worker may come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.storage.queries.moments import ago
from recto.storage.tables import worker

ALIVE_S = 15.0  # silence after which a worker counts as gone; it renews its row every few seconds
KEPT_S = 86_400.0  # rows of workers that are gone are dropped after a day


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker as it announced itself; `silent_s` is the time since it last did, `age_s` since it started."""

    name: str
    lanes: tuple[str, ...]
    readers: int
    ocr_readers: int
    silent_s: float
    age_s: float

    @property
    def alive(self) -> bool:
        """Whether it has been heard lately."""
        return self.silent_s < ALIVE_S


async def beat(
    connection: AsyncConnection, name: str, lanes: Sequence[str], readers: int, ocr_readers: int
) -> None:
    """Announce a worker, or that it still lives; drops the rows of those that are long gone."""
    values = {"name": name, "lanes": list(lanes), "readers": readers, "ocr_readers": ocr_readers}
    renewed = {"beat_at": sa.func.clock_timestamp()}
    await connection.execute(
        insert(worker).values(**values).on_conflict_do_update(index_elements=[worker.c.name], set_=renewed)
    )
    await connection.execute(worker.delete().where(worker.c.beat_at < ago(KEPT_S)))


async def workers(connection: AsyncConnection) -> list[WorkerRow]:
    """Every worker heard within a day, the latest first."""
    now = sa.func.clock_timestamp()
    silent, age = (
        sa.func.extract("epoch", now - column) for column in (worker.c.beat_at, worker.c.started_at)
    )
    query = sa.select(
        worker.c.name,
        worker.c.lanes,
        worker.c.readers,
        worker.c.ocr_readers,
        sa.cast(silent, sa.Float),
        sa.cast(age, sa.Float),
    ).order_by(worker.c.beat_at.desc())
    return [
        WorkerRow(name, tuple(lanes), readers, ocr_readers, float(silent_s), float(age_s))
        for name, lanes, readers, ocr_readers, silent_s, age_s in await connection.execute(query)
    ]


async def is_known(connection: AsyncConnection) -> bool:
    """Whether the database has the table of workers: not before the first start of a server."""
    return await connection.scalar(sa.text("SELECT to_regclass('worker') IS NOT NULL")) or False
