"""Refuses new jobs while too much waits already, so that a queue never grows without end.

What is counted are waiting units (page ranges), for these say how much work there is. A count serves all calls
of a second, so a queue may overshoot by what comes in within that time.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import BatchQueueFull, QueueFull
from recto.jobs.lanes import PRIORITIES
from recto.storage.queries import claims

COUNTED_EVERY_S = 1.0
BATCH = ("batch",)
ORDINARY = tuple(lane for lane in PRIORITIES if lane not in BATCH)


@dataclass(frozen=True, slots=True)
class Depths:
    """How many units may wait before new jobs are refused: in the batch lane, and in all others together."""

    ordinary: int = 50_000
    batch: int = 500_000


@dataclass(slots=True)
class Admission:
    """The counts of one process."""

    depths: Depths = field(default_factory=Depths)
    every_s: float = COUNTED_EVERY_S
    clock: Callable[[], float] = time.monotonic
    _counts: dict[tuple[str, ...], tuple[float, int]] = field(default_factory=dict, init=False)
    _counting: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def admit(self, connection: AsyncConnection, lane: str) -> None:
        """Let a job into a lane.

        Raises:
            QueueFull, BatchQueueFull: the lane's depth is reached.
        """
        batch = lane in BATCH
        lanes, depth = (BATCH, self.depths.batch) if batch else (ORDINARY, self.depths.ordinary)
        waiting = await self._waiting(connection, lanes, depth)
        if waiting < depth:
            return
        kind = BatchQueueFull if batch else QueueFull
        raise kind(
            f"{waiting:,} page ranges wait already, the most this server lets wait"
            f" ({'RECTO_BATCH_QUEUE_DEPTH' if batch else 'RECTO_QUEUE_DEPTH'}): try again in"
            f" {kind.retry_after_s} seconds."
        )

    async def _waiting(self, connection: AsyncConnection, lanes: tuple[str, ...], depth: int) -> int:
        async with self._counting:
            counted_at, count = self._counts.get(lanes, (float("-inf"), 0))
            if self.clock() - counted_at >= self.every_s:
                count = await claims.waiting_units(connection, lanes, depth)
                self._counts[lanes] = self.clock(), count
            return count
