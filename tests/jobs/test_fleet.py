"""What workers know of each other, by their rows."""

import pytest

from recto.jobs.fleet import RECOGNISER_PATIENCE_S, REMEMBERED_S, Fleet, somebody_recognises
from recto.storage.queries import fleet as rows
from recto.storage.queries.fleet import ALIVE_S, KEPT_S, WorkerRow

LANES = ["sync", "async"]
OLD = 10 * RECOGNISER_PATIENCE_S


def worker(ocr=0, silent_s=0.0, readers=2):
    return WorkerRow("other", ("sync",), readers, ocr, silent_s, 1000)


@pytest.mark.parametrize(
    ("workers", "own_age_s", "expected"),
    [
        ([], OLD, False),
        ([worker(ocr=0)], OLD, False),
        ([worker(ocr=1)], OLD, True),
        ([worker(ocr=1, silent_s=RECOGNISER_PATIENCE_S - 1)], OLD, True),
        ([worker(ocr=1, silent_s=RECOGNISER_PATIENCE_S + 1)], OLD, False),
        ([worker(ocr=1, silent_s=RECOGNISER_PATIENCE_S + 1)], 0, True),
        ([worker(ocr=1, silent_s=REMEMBERED_S + 1)], 0, False),
    ],
)
def test_whether_somebody_recognises(workers, own_age_s, expected):
    assert somebody_recognises(workers, own_age_s) is expected


async def silence(yard, name, seconds):
    query = "UPDATE worker SET beat_at = beat_at - make_interval(secs => :s) WHERE name = :name"
    await yard.rows(query, s=seconds, name=name)


async def test_a_worker_without_recognition_leaves_it_to_one_that_has_it(yard):
    without = Fleet("without", yard.database, LANES, 2, 0)
    await without.beat()
    await yard.rows("UPDATE worker SET started_at = started_at - interval '1 hour'")
    await without.beat()
    assert not without.recognition_to_be_had
    assert without.slots("ocr") == 1, "nobody has it: the pages are recorded as unread here"
    having = Fleet("having", yard.database, LANES, 2, 3)
    await having.beat()
    await without.beat()
    assert without.recognition_to_be_had
    assert without.slots("ocr") == 0
    assert without.fleet_slots("ocr") == 3
    assert having.slots("ocr") == 3
    await silence(yard, "having", RECOGNISER_PATIENCE_S + 1)
    await without.beat()
    assert without.slots("ocr") == 1


async def test_the_fleets_slots_are_those_of_the_living(yard):
    one, two = (Fleet(name, yard.database, LANES, 2, 0) for name in ("one", "two"))
    await one.beat()
    await two.beat()
    await one.beat()
    assert one.fleet_slots("read") == 4
    await silence(yard, "two", ALIVE_S + 1)
    await one.beat()
    assert one.fleet_slots("read") == 2


async def test_rows_of_the_long_gone_are_dropped(yard):
    one = Fleet("one", yard.database, LANES, 2, 0)
    await Fleet("gone", yard.database, LANES, 2, 0).beat()
    await silence(yard, "gone", KEPT_S + 1)
    await one.beat()
    async with yard.database.begin() as connection:
        found = await rows.workers(connection)
    assert [(row.name, row.lanes, row.readers, row.alive) for row in found] == [
        ("one", ("sync", "async"), 2, True)
    ]
