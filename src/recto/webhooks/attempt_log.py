"""Writes outcomes of attempts down, those that come at the same time in one statement.

Outcomes in, rows changed. What comes while a statement is under way waits for the next one; so a single outcome is
written at once, and a thousand a second cost few statements.
"""

import asyncio

from recto.storage.database import Database
from recto.storage.queries import deliveries
from recto.storage.queries.deliveries import DeliveryRow, Outcome

MOST = 100  # outcomes of one statement


class AttemptLog:
    """The attempt log, as one worker writes it."""

    def __init__(self, database: Database) -> None:
        """Keep the database."""
        self._database = database
        self._waiting: list[tuple[DeliveryRow, Outcome, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, held: DeliveryRow, outcome: Outcome) -> bool:
        """Write an outcome down; False when the delivery was no longer ours. Raises Unavailable."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((held, outcome, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await written

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                async with self._database.look() as connection:
                    done = await deliveries.record(
                        connection, [(held, outcome) for held, outcome, _ in batch]
                    )
            except Exception as error:  # noqa: BLE001 - each of those who wait is told
                for _, _, written in batch:
                    if not written.done():
                        written.set_exception(error)
                continue
            for held, _, written in batch:
                if not written.done():  # who waited may have been cancelled
                    written.set_result(held.id in done)
