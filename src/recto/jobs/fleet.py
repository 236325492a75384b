"""What a worker knows of the others: how many slots there are in all, and whether anybody recognises.

The workers' rows (`storage.queries.fleet`) come in, refreshed with every beat; answers for `jobs.taking` and
`jobs.records` go out. Never asks the workers themselves.
"""

from collections.abc import Sequence

from recto.jobs.lanes import Lane, Queue
from recto.storage.database import Database
from recto.storage.queries import fleet
from recto.storage.queries.fleet import WorkerRow

INTAKE_SLOTS = 8  # of a worker: downloads wait for the network, so there are more of them than processors
RECOGNISER_PATIENCE_S = 60.0  # a recognising worker that is gone may be restarting: so long its pages wait
REMEMBERED_S = 3600.0  # a fleet that starts waits for recognisers it had within this time (a guess)


def slots_of(worker: WorkerRow, queue: Queue) -> int:
    """How many units of a queue this worker does at once."""
    return {"intake": INTAKE_SLOTS, "read": worker.readers, "ocr": worker.ocr_readers}[queue]


def somebody_recognises(workers: Sequence[WorkerRow], own_age_s: float) -> bool:
    """Whether pages that need recognition will find a worker that does it.

    One that was heard a minute ago counts, for it may be restarting. A worker that has itself just started,
    perhaps with the whole fleet, also waits a minute for those that were there in the hour before.
    """
    silence = RECOGNISER_PATIENCE_S
    if own_age_s < RECOGNISER_PATIENCE_S:
        silence = REMEMBERED_S
    return any(one.ocr_readers > 0 and one.silent_s < silence for one in workers)


class Fleet:
    """One worker's place among the workers."""

    def __init__(
        self, name: str, database: Database, lanes: Sequence[Lane], readers: int, ocr_readers: int
    ) -> None:
        """Nothing is announced before the first `beat`."""
        self.name = name
        self.lanes = tuple(lanes)
        self.readers = readers
        self.ocr_readers = ocr_readers
        self._database = database
        self._others: list[WorkerRow] = []
        self._age_s = 0.0

    async def beat(self) -> None:
        """Announce this worker, and look who else is there."""
        async with self._database.begin() as connection:
            await fleet.beat(connection, self.name, self.lanes, self.readers, self.ocr_readers)
            found = await fleet.workers(connection)
        self._age_s = next((one.age_s for one in found if one.name == self.name), 0.0)
        self._others = [one for one in found if one.name != self.name]

    @property
    def recognises(self) -> bool:
        """Whether this worker does recognition itself."""
        return self.ocr_readers > 0

    @property
    def recognition_to_be_had(self) -> bool:
        """Whether any worker recognises, this one or another."""
        return self.recognises or somebody_recognises(self._others, self._age_s)

    def slots(self, queue: Queue) -> int:
        """How many units of a queue this worker does at once.

        Where nobody recognises, that queue is served all the same: its pages are then recorded as unread.
        """
        own = WorkerRow(self.name, self.lanes, self.readers, self.ocr_readers, 0, 0)
        if queue == "ocr" and not self.recognition_to_be_had:
            return 1
        return slots_of(own, queue)

    def fleet_slots(self, queue: Queue) -> int:
        """How many units of a queue all living workers together do at once."""
        return self.slots(queue) + sum(slots_of(one, queue) for one in self._others if one.alive)
