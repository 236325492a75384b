"""Failed pages are read again under the job's own id, and whatever happens the earlier result is not lost."""

import asyncio

import pytest

from job_yard import WEBHOOK, read, taken
from recto.errors import InvalidConfig, JobState, NotFound, SubprocessCrashed
from recto.jobs.assembling import Assembled
from recto.jobs.records import Outcome
from recto.jobs.retry import retry_failed_pages
from recto.storage.objects import open_objects
from recto.storage.queries import claims, retention, units

CRASH = SubprocessCrashed("it crashed")


@pytest.fixture
def objects():
    return open_objects("memory:///")


async def with_a_failed_page(yard, objects, **values):
    """A completed job of three pages, units of two, whose third could not be read."""
    job_id = await yard.parse(**values)
    recorder = yard.recorder("w", ocr=False)
    source = {"key": f"jobs/{job_id}/source", "kind": "pdf", "extension": ".pdf", "mime": "m", "pages": 3}
    outcome = taken(3)
    await recorder.done(await yard.hold(job_id, "w"), type(outcome)(source=source, chosen=outcome.chosen))
    await recorder.done(await yard.hold(job_id, "w"), read(2, f"jobs/{job_id}/units/1"))
    for _ in range(2):
        await recorder.failed(await yard.hold(job_id, "w"), CRASH, callers_fault=False)
    await assembled(yard, job_id, "first")
    for name in ("source", "units/1"):
        await objects.put_bytes(f"jobs/{job_id}/{name}", b"x")
    return job_id


async def assembled(yard, job_id, usage):
    async with yard.database.begin() as connection:
        failures = await units.failures(connection, job_id)
    outcome = Outcome(
        result_key=f"jobs/{job_id}/result.json",
        assembled=Assembled(5, {"told": usage}, ()),
        failures=tuple(failures),
    )
    await yard.recorder("w").done(await yard.hold(job_id, "w"), outcome)


async def retry(yard, objects, job_id, **values):
    async with yard.database.begin() as connection:
        return await retry_failed_pages(connection, yard.flow, objects, yard.organisation, job_id, **values)


async def test_only_the_failed_page_is_read_again(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    before = await yard.job(job_id)
    assert (before.status, before.pages_done) == ("Completed", 2)
    assert before.warnings == ["Page 3 could not be read: it crashed"]
    async with yard.hearing(claims.UNITS_WAITING) as heard:
        assert await retry(yard, objects, job_id) == {job_id: [3]}
        await heard.wait_for("read")
    row = await yard.job(job_id)
    assert (row.status, row.stage, row.is_open, row.warnings) == ("InProgress", "reading again", True, [])
    assert row.result_key == before.result_key
    held = await yard.hold(job_id, "w")
    assert (held.kind, held.pages, held.attempt) == ("read", (3,), 1)
    following = await yard.recorder("w", ocr=False).done(held, read(1, f"jobs/{job_id}/units/2"))
    assert following.kind == "assemble"
    outcome = Outcome(result_key=before.result_key, assembled=Assembled(9, {"told": "second"}, ()))
    await yard.recorder("w").done(following, outcome)
    row = await yard.job(job_id)
    assert (row.status, row.pages_done, row.warnings) == ("Completed", 3, [])
    assert row.summary == {"usage": {"told": "second"}}
    with pytest.raises(JobState, match="no failed pages"):
        await retry(yard, objects, job_id)


async def test_a_page_that_fails_again_is_named_again_and_may_be_retried_once_more(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    await retry(yard, objects, job_id)
    for _ in range(2):
        await yard.recorder("w", ocr=False).failed(await yard.hold(job_id, "w"), CRASH, callers_fault=False)
    await assembled(yard, job_id, "again")
    row = await yard.job(job_id)
    assert (row.status, row.warnings) == ("Completed", ["Page 3 could not be read: it crashed"])
    assert await retry(yard, objects, job_id) == {job_id: [3]}


async def test_a_cancelled_retry_brings_the_earlier_result_back(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    await retry(yard, objects, job_id)
    await yard.hold(job_id, "w")
    async with yard.database.begin() as connection:
        assert await yard.flow.cancel(connection, yard.organisation, job_id) == "Completed"
    row = await yard.job(job_id)
    assert (row.status, row.result_key) == ("Completed", f"jobs/{job_id}/result.json")
    assert "Page 3 could not be read: it crashed" in row.warnings
    assert "earlier result stands" in row.warnings[-1]
    assert await retry(yard, objects, job_id) == {job_id: [3]}


async def test_a_retry_that_cannot_be_put_together_brings_the_earlier_result_back(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    await retry(yard, objects, job_id)
    following = await yard.recorder("w").done(await yard.hold(job_id, "w"), read(1, f"jobs/{job_id}/units/2"))
    await objects.put_bytes(f"jobs/{job_id}/units/2", b"x")
    await yard.recorder("w").failed(following, CRASH, callers_fault=True)
    row = await yard.job(job_id)
    assert (row.status, row.summary) == ("Completed", {"usage": {"told": "first"}})
    assert len(row.warnings) == 1
    assert "earlier result stands" in row.warnings[-1]
    # What was read meanwhile is only to be put together: nobody waits for a unit that does not come.
    assert await retry(yard, objects, job_id) == {job_id: []}
    assert ("advance", "advance", {"job_id": str(job_id)}) in await yard.tasks()
    await yard.flow.look_at(job_id)
    assert (await yard.hold(job_id, "w")).kind == "assemble"


async def test_a_part_whose_deletion_begins_at_the_same_time_is_not_opened(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    pipeline = await yard.pipeline(1)
    (child,) = await yard.children(pipeline)
    await yard.rows("UPDATE job SET parent_id = NULL WHERE id = :id", id=child)
    await yard.rows("UPDATE job SET parent_id = :p WHERE id = :id", p=pipeline, id=job_id)
    await yard.flow.look_at(pipeline)
    assert (await yard.job(pipeline)).status == "Completed"
    async with yard.database.begin() as connection:
        await retention.begin_deletion(connection, job_id, persisted_too=False)
        retrying = asyncio.create_task(retry(yard, objects, pipeline))
        await asyncio.sleep(0.3)
    with pytest.raises(JobState):
        await retrying
    row = await yard.job(job_id)
    assert not row.is_open
    assert row.deleting_at is not None


async def test_the_end_of_a_retry_is_told_like_the_first(yard, objects):
    job_id = await with_a_failed_page(yard, objects, webhook=WEBHOOK)
    first = await yard.one("SELECT id FROM delivery")
    await yard.rows("UPDATE delivery SET status = 'delivered'")
    await retry(yard, objects, job_id)
    assert await yard.rows("SELECT id FROM delivery") == [(first,)]  # the log of what was delivered stays
    following = await yard.recorder("w", ocr=False).done(await yard.hold(job_id, "w"), read(1, "k"))
    await yard.recorder("w").done(following, Outcome(result_key="k", assembled=Assembled(9, {}, ())))
    assert await yard.one("SELECT status FROM delivery WHERE id <> :first", first=first) == "pending"


async def test_a_message_on_its_way_is_dropped_when_its_job_goes_on(yard, objects):
    job_id = await with_a_failed_page(yard, objects, webhook=WEBHOOK)
    await retry(yard, objects, job_id)
    assert await yard.rows("SELECT id FROM webhook_message") == []


async def test_a_password_is_asked_for_again_and_kept_until_the_end(yard, objects):
    job_id = await with_a_failed_page(yard, objects, password="first")
    assert (await yard.job(job_id)).password is None
    await retry(yard, objects, job_id, password=yard.submitter.sealed("again"))
    assert (await yard.job(job_id)).password is not None
    await yard.recorder("w").done(await yard.hold(job_id, "w"), read(1, "k"))
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, job_id)
    assert (await yard.job(job_id)).password is None


async def test_what_cannot_be_read_again(yard, objects):
    with pytest.raises(JobState, match="Pending"):
        await retry(yard, objects, await yard.parse())
    job_id = await with_a_failed_page(yard, objects)
    await retry(yard, objects, job_id)
    with pytest.raises(JobState, match="InProgress"):
        await retry(yard, objects, job_id)
    gone_source = await with_a_failed_page(yard, objects)
    await objects.delete(f"jobs/{gone_source}/source")
    with pytest.raises(NotFound, match="document"):
        await retry(yard, objects, gone_source)
    gone_units = await with_a_failed_page(yard, objects)
    await objects.delete(f"jobs/{gone_units}/units/1")
    with pytest.raises(JobState, match="submit the document anew"):
        await retry(yard, objects, gone_units)
    await yard.rows("UPDATE job SET type = 'Split' WHERE id = :id", id=gone_units)
    with pytest.raises(InvalidConfig, match="Split"):
        await retry(yard, objects, gone_units)


async def test_two_retries_at_once_are_one(yard, objects):
    job_id = await with_a_failed_page(yard, objects)
    answers = await asyncio.gather(*(retry(yard, objects, job_id) for _ in range(3)), return_exceptions=True)
    assert sum(answer == {job_id: [3]} for answer in answers) == 1
    assert sum(isinstance(answer, JobState) for answer in answers) == 2


async def test_pages_of_a_time_without_recognition_are_read_once_there_is_some(yard, objects):
    job_id = await yard.parse()
    source = {"key": f"jobs/{job_id}/source", "kind": "pdf", "extension": ".pdf", "mime": "m", "pages": 2}
    recorder = yard.recorder("w", ocr=False)
    reading = await recorder.done(await yard.hold(job_id, "w"), type(taken(2))(source=source, chosen=(1, 2)))
    needs = Outcome(result_key=f"jobs/{job_id}/units/1", pages_done=1, needs_ocr=(2,))
    assembling = await recorder.done(reading, needs)
    async with yard.database.begin() as connection:
        failures = await units.failures(connection, job_id)
    done = Outcome(result_key="k", assembled=Assembled(5, {}, ()), failures=tuple(failures))
    await recorder.done(assembling, done)
    row = await yard.job(job_id)
    assert row.warnings == [
        "Page 2 could not be read: it has no usable text layer, and recognition is off (RECTO_OCR_READERS=0)."
    ]
    for name in ("source", "units/1"):
        await objects.put_bytes(f"jobs/{job_id}/{name}", b"x")
    assert await retry(yard, objects, job_id) == {job_id: [2]}
    assert (await yard.hold(job_id, "w")).kind == "ocr"
