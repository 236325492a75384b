"""Jobs on a real database, step by step: tests play the workers. What is recorded, once, and what it sets off."""

import asyncio
from uuid import UUID, uuid4

import pytest

from job_yard import BUDGET, WEBHOOK, read
from recto.errors import DownloadFailed, InvalidConfig, JobState, NotFound, ReadTimedOut
from recto.jobs.assembling import Assembled
from recto.jobs.records import Copied, Outcome
from recto.jobs.states import may_become
from recto.storage.queries import claims, jobs, units

RESULT = Outcome(result_key="r", assembled=Assembled(10, {"num_pages": 1}, ("A warning.",)))


async def read_all(yard, job_id, worker="w"):
    """Read every open unit of a job, and put it together."""
    while any(status == "pending" for _, status, _ in await yard.unit_states(job_id)):
        held = await yard.hold(job_id, worker)
        while held is not None:
            outcome = RESULT if held.kind == "assemble" else read(len(held.pages))
            held = await yard.recorder(worker).done(held, outcome)


async def test_a_job_goes_from_a_request_to_its_end(yard):
    job_id = await yard.parse()
    assert await yard.take_in(job_id, "w", 5) is None
    assert await yard.unit_states(job_id) == [("intake", "done", 1)] + [("read", "pending", 0)] * 3
    await read_all(yard, job_id)
    job = await yard.job(job_id)
    assert (job.status, job.pages_done, job.pages_total, job.result_key) == ("Completed", 5, 5, "r")
    assert job.warnings == ["A warning."]
    assert job.summary == {"usage": {"num_pages": 1}}
    assert {status for _, status, _ in await yard.unit_states(job_id)} == {"done"}


async def test_a_single_next_unit_is_taken_up_at_once_without_a_task(yard):
    job_id = await yard.parse()
    held = await yard.take_in(job_id, "w", 2)
    assert held is not None
    assert held.kind == "read"
    held = await yard.recorder("w").done(held, read(2))
    assert held is not None
    assert held.kind == "assemble"
    assert await yard.recorder("w").done(held, RESULT) is None
    assert (await yard.job(job_id)).status == "Completed"
    assert await yard.tasks() == []


async def test_a_tenant_with_a_share_does_not_go_on_past_it(yard):
    job_id = await yard.parse(tenant="t", tenant_share=0.5)
    assert await yard.take_in(job_id, "w", pages=2) is None  # whoever is at the reading asks whose turn it is
    assert await yard.unit_states(job_id) == [("intake", "done", 1), ("read", "pending", 0)]
    held = await yard.hold(job_id, "w")
    following = await yard.recorder("w").done(held, read(2))
    assert following.kind == "assemble"  # in the slot that it has


async def test_an_outcome_is_recorded_once(yard):
    job_id = await yard.parse()
    held = await yard.hold(job_id, "w")
    await yard.recorder("w").done(held, read(1))
    before = await yard.rows("SELECT * FROM unit WHERE job_id = :id ORDER BY id", id=job_id)
    assert await yard.recorder("w").done(held, read(1, "other")) is None
    assert await yard.rows("SELECT * FROM unit WHERE job_id = :id ORDER BY id", id=job_id) == before


async def test_a_unit_belongs_to_one_worker(yard):
    job_id = await yard.parse()
    unit_id = await yard.open_unit(job_id)
    claims = await asyncio.gather(*(yard.claim_unit(unit_id, f"w{n}") for n in range(6)))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_zombies_late_word_is_refused(yard):
    job_id = await yard.parse()
    await yard.take_in(job_id, "first", 4)
    zombie = await yard.hold(job_id, "first", lease_s=-1)  # its lease is over: it seems to be dead
    assert [unit for unit, _, _ in await yard.unit_states(job_id)] == ["intake", "read", "read"]
    second = await yard.claim_unit(zombie.id, "second")
    assert second is not None
    assert second.attempt == 2
    assert await yard.recorder("first").done(zombie, read(2, "zombie")) is None
    assert await yard.recorder("first").failed(zombie, ReadTimedOut(), callers_fault=False) is None
    await yard.recorder("first").give_back(zombie)
    assert await yard.one("SELECT status, worker, result_key FROM unit WHERE id = :id", id=zombie.id) == (
        "running",
        "second",
        None,
    )
    await yard.recorder("second").done(second, read(2, "second"))
    assert await yard.one("SELECT status, result_key FROM unit WHERE id = :id", id=zombie.id) == (
        "done",
        "second",
    )
    assert (await yard.job(job_id)).pages_done == 2


async def test_the_same_worker_cannot_record_an_earlier_attempt(yard):
    job_id = await yard.parse()
    early = await yard.hold(job_id, "w", lease_s=-1)
    late = await yard.claim_unit(early.id, "w")
    assert late is not None
    await yard.recorder("w").done(early, read(1))
    assert (await yard.unit_states(job_id))[0] == ("intake", "running", 2)


async def test_only_units_in_hand_keep_their_lease(yard):
    job_id = await yard.parse()
    await yard.take_in(job_id, "w", 4)
    one, two = await yard.hold(job_id, "w", 1), await yard.hold(job_id, "w", 1)
    async with yard.database.begin() as connection:
        assert await units.renew_leases(connection, "w", {one.id}, 60) == {one.id}
        assert await units.renew_leases(connection, "other", {one.id, two.id}, 60) == set()
    lasting = "SELECT id FROM unit WHERE lease_until > clock_timestamp() + interval '30 s'"
    assert [row[0] for row in await yard.rows(lasting)] == [one.id]


async def test_a_unit_given_back_is_announced_and_has_not_been_tried(yard):
    job_id = await yard.parse()
    async with yard.hearing(claims.UNITS_WAITING) as heard:
        for _ in range(7):  # more often than a unit may be claimed under dying workers
            held = await yard.hold(job_id, "stopped")
            await yard.recorder("stopped").give_back(held)
            await heard.wait_for("intake")
    assert await yard.unit_states(job_id) == [("intake", "pending", 0)]


async def test_a_failed_range_is_read_again_then_page_by_page(yard):
    job_id = await yard.parse()
    await yard.take_in(job_id, "w", 4)
    bad = await yard.hold(job_id, "w")
    await yard.recorder("w").failed(bad, ReadTimedOut("Slow."), callers_fault=False)
    again = await yard.claim_unit(bad.id, "w")
    assert again is not None
    await yard.recorder("w").failed(again, ReadTimedOut("Slow."), callers_fault=False)
    assert await yard.unit_states(job_id) == [
        ("intake", "done", 1),
        ("read", "replaced", 2),
        ("read", "pending", 0),
        ("read", "pending", 0),
        ("read", "pending", 0),
    ]
    await read_all(yard, job_id)
    job = await yard.job(job_id)
    assert (job.status, job.pages_done) == ("Completed", 4)


async def test_pages_that_are_given_up_are_named_and_do_not_fail_the_job(yard):
    job_id = await yard.parse()
    recorder = yard.recorder("w", unit_pages=2, ocr=False)
    await yard.take_in(job_id, "w", 3)
    good, bad = await yard.hold(job_id, "w"), await yard.hold(job_id, "w")
    assert bad.pages == (3,)
    await recorder.done(good, read(2))
    await recorder.failed(bad, ReadTimedOut("Slow."), callers_fault=True)
    assembling = await yard.hold(job_id, "w")
    async with yard.database.begin() as connection:
        failures = await units.failures(connection, job_id)
    outcome = Outcome(result_key="r", assembled=RESULT.assembled, failures=tuple(failures))
    await recorder.done(assembling, outcome)
    job = await yard.job(job_id)
    assert job.status == "Completed"
    assert [sentence for sentence in job.warnings if "Page 3" in sentence and "Slow." in sentence]


async def test_a_job_of_which_nothing_can_be_read_fails_with_the_reason(yard):
    job_id = await yard.parse()
    held = await yard.take_in(job_id, "w", 1)
    assert held is not None
    await yard.recorder("w", ocr=False).failed(held, ReadTimedOut("Slow."), callers_fault=True)
    job = await yard.job(job_id)
    assert job.status == "Failed"
    assert job.error is not None
    assert "Slow." in job.error["message"]


async def test_pages_nobody_can_recognise_are_named(yard):
    job_id = await yard.parse()
    held = await yard.take_in(job_id, "w", 2)
    assert held is not None
    needs = Outcome(result_key="k", pages_done=1, needs_ocr=(2,))
    following = await yard.recorder("w", ocr=False).done(held, needs)
    assert following is not None
    assert following.kind == "assemble"
    async with yard.database.begin() as connection:
        ((pages, error),) = await units.failures(connection, job_id)
    assert (pages, "recognition is off" in error["message"]) == ((2,), True)


async def test_a_failed_intake_fails_the_job_with_its_error(yard):
    job_id = await yard.parse(webhook=WEBHOOK)
    held = await yard.hold(job_id, "w")
    await yard.recorder("w").failed(held, DownloadFailed("Gone."), callers_fault=True)
    job = await yard.job(job_id)
    assert (job.status, job.error) == ("Failed", {"kind": "DownloadFailed", "message": "Gone."})
    assert '"status": "Failed"' in await yard.one(
        "SELECT body FROM webhook_message WHERE job_id = :id", id=job_id
    )


async def test_an_end_its_message_and_the_deliveries_are_one_transaction(yard):
    job_id = await yard.parse(webhook=WEBHOOK, metadata={"a": 1})
    await yard.lose_tasks()

    async def end_and_lose_the_transaction():
        async with yard.database.begin() as connection:
            job = await jobs.get(connection, job_id, lock=True)
            assert await yard.flow.end(connection, job, "Completed")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await end_and_lose_the_transaction()
    assert (await yard.job(job_id)).is_open
    assert await yard.rows("SELECT * FROM delivery") == []
    assert await yard.rows("SELECT * FROM webhook_message") == []
    async with yard.database.begin() as connection:
        job = await jobs.get(connection, job_id, lock=True)
        assert await yard.flow.end(connection, job, "Completed")
    query = (
        "SELECT status, body FROM delivery d JOIN webhook_message m ON m.id = message_id WHERE d.job_id = :id"
    )
    status, body = await yard.one(query, id=job_id)
    assert status == "pending"
    assert '"metadata": {"a": 1}' in body


async def test_an_end_is_written_once(yard):
    job_id = await yard.parse(webhook=WEBHOOK)

    async def end(status):
        async with yard.database.begin() as connection:
            job = await jobs.get(connection, job_id)
            return await yard.flow.end(connection, job, status)

    ended = await asyncio.gather(end("Completed"), end("Failed"), end("Cancelled"), end("Completed"))
    assert sum(ended) == 1
    assert len(await yard.rows("SELECT * FROM delivery")) == 1
    assert (await yard.job(job_id)).status == ("Completed", "Failed", "Cancelled", "Completed")[
        ended.index(True)
    ]


async def test_looking_too_often_changes_nothing(yard):
    job_id = await yard.parse()
    await yard.take_in(job_id, "w", 6)
    before = await yard.unit_states(job_id), await yard.tasks()
    await asyncio.gather(*(yard.flow.look_at(job_id) for _ in range(8)))
    assert (await yard.unit_states(job_id), await yard.tasks()) == before
    await asyncio.gather(*(yard.flow.look_at(uuid4()) for _ in range(2)))


async def test_one_unit_puts_the_result_together_whoever_finishes_last(yard):
    job_id = await yard.parse()
    await yard.take_in(job_id, "w", 8)
    held = [await yard.hold(job_id, f"w{n}") for n in range(4)]
    outcomes = [yard.recorder(f"w{n}").done(one, read(2)) for n, one in enumerate(held)]
    following = await asyncio.gather(*outcomes)
    assert [one.kind for one in following if one] == ["assemble"]
    assert [unit for unit in await yard.unit_states(job_id) if unit[0] == "assemble"] == [
        ("assemble", "running", 1)
    ]
    assert (await yard.job(job_id)).pages_done == 8


async def test_a_pipeline_ends_with_its_last_parse(yard):
    top = await yard.pipeline(2, webhook=WEBHOOK)
    first, second = await yard.children(top)
    for child, open_after in ((first, True), (second, False)):
        await yard.take_in(child, "w", 4)
        await read_all(yard, child)
        job = await yard.job(top)
        assert job.is_open == open_after
    assert (job.status, job.pages_done, job.pages_total) == ("Completed", 8, 8)
    assert len(await yard.rows("SELECT * FROM delivery")) == 1
    assert [task for task, _, _ in await yard.tasks()].count("advance") == 0


async def test_a_parse_that_ends_while_its_pipeline_is_held_leaves_it_a_task(yard):
    top = await yard.pipeline(1)
    (child,) = await yard.children(top)
    async with yard.database.begin() as holder:
        await jobs.get(holder, top, lock=True)
        await asyncio.wait_for(end(yard, child), 5)
    assert (await yard.job(top)).is_open
    assert ("advance", "advance", {"job_id": str(top)}) in await yard.tasks()
    await yard.flow.look_at(top)
    assert (await yard.job(top)).status == "Completed"


async def test_parses_that_end_at_the_same_time_end_their_pipeline(yard):
    for _ in range(4):
        top = await yard.pipeline(3)
        await yard.lose_tasks()
        await asyncio.gather(*(end(yard, child) for child in await yard.children(top)))
        for task, _, named in await yard.tasks():
            assert task == "advance"
            await yard.flow.look_at(UUID(named["job_id"]))
        assert (await yard.job(top)).status == "Completed"


async def test_a_parse_that_fails_takes_its_pipeline_and_the_other_parses_with_it(yard):
    top = await yard.pipeline(3)
    first, second, third = await yard.children(top)
    held = await yard.hold(second, "w")
    await yard.recorder("w").failed(held, DownloadFailed("Gone."), callers_fault=True)
    job = await yard.job(top)
    assert job.status == "Failed"
    assert job.error == {"kind": "DownloadFailed", "message": "Document 2 of 3: Gone."}
    assert {(await yard.job(one)).status for one in (first, third)} == {"Cancelled"}


async def test_cancelling_ends_the_whole_tree(yard):
    top = await yard.pipeline(2, webhook=WEBHOOK)
    first, second = await yard.children(top)
    held = await yard.hold(first, "w")
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, top)
    assert {(await yard.job(one)).status for one in (top, first, second)} == {"Cancelled"}
    assert await yard.unit_states(second) == [("intake", "left out", 0)]
    assert await yard.take_first("intake", "async") is None
    assert await yard.recorder("w").done(held, read(1)) is None
    await yard.flow.look_at(top)
    assert (await yard.job(top)).status == "Cancelled"
    assert len(await yard.rows("SELECT * FROM delivery")) == 1
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, top)  # again is no error


async def test_what_cannot_be_cancelled(yard):
    job_id = await yard.parse()
    async with yard.database.begin() as connection:
        job = await jobs.get(connection, job_id, lock=True)
        await yard.flow.end(connection, job, "Completed")
    async with yard.database.begin() as connection:
        with pytest.raises(JobState, match="Completed"):
            await yard.flow.cancel(connection, yard.organisation, job_id)
        with pytest.raises(NotFound):
            await yard.flow.cancel(connection, uuid4(), job_id)


async def test_cancelling_while_units_finish_ends_in_one_of_two_ways(yard):
    for _ in range(4):
        top = await yard.pipeline(1)
        (child,) = await yard.children(top)
        held = await yard.take_in(child, "w", 2)
        assert held is not None
        held = await yard.recorder("w").done(held, read(2))
        assert held is not None

        async def cancel(job_id):
            async with yard.database.begin() as connection:
                await yard.flow.cancel(connection, yard.organisation, job_id)

        _, refused = await asyncio.gather(
            yard.recorder("w").done(held, RESULT), cancel(top), return_exceptions=True
        )
        ends = (await yard.job(top)).status, (await yard.job(child)).status
        if refused is None:
            assert ends in {("Cancelled", "Cancelled"), ("Cancelled", "Completed")}
        else:
            assert isinstance(refused, JobState)
            assert ends == ("Completed", "Completed")


async def test_the_priority_budget_holds_when_all_ask_at_once(yard):
    made = await asyncio.gather(*(yard.parse(lane="priority") for _ in range(BUDGET + 4)))
    lanes = [(await yard.job(job_id)).lane for job_id in made]
    assert sorted(lanes) == ["async"] * 4 + ["priority"] * BUDGET
    assert {(await yard.job(job_id)).lane_asked for job_id in made} == {"priority"}
    active = next(job_id for job_id, lane in zip(made, lanes, strict=True) if lane == "priority")
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, active)
    assert (await yard.job(await yard.parse(lane="priority"))).lane == "priority"


async def waiting_job(yard):
    """A job that wants the result of another, which is not there yet."""
    awaited = await yard.parse()
    waiting = await yard.parse(f"jobid://{awaited}")
    held = await yard.hold(waiting, "w")
    await yard.recorder("w").done(held, Copied(waits_on=awaited))
    return awaited, waiting


async def end(yard, job_id, status="Completed"):
    async with yard.database.begin() as connection:
        job = await jobs.get(connection, job_id, lock=True)
        return await yard.flow.end(connection, job, status)


async def test_a_job_waits_for_another_and_goes_on_when_that_ends(yard):
    awaited, waiting = await waiting_job(yard)
    assert (await yard.job(waiting)).status == "Idle"
    await yard.flow.look_at(waiting)
    assert (await yard.job(waiting)).status == "Idle"
    await yard.lose_tasks()
    await end(yard, awaited)
    assert await yard.tasks() == [("advance", "advance", {"job_id": str(waiting)})]
    await yard.flow.look_at(waiting)
    held = await yard.hold(waiting, "w")
    assert held.kind == "intake"
    copied = Copied(result_key="c", result_bytes=3, summary={"usage": {}}, pages=2)
    await yard.recorder("w").done(held, copied)
    job = await yard.job(waiting)
    assert (job.status, job.result_key, job.pages_done) == ("Completed", "c", 2)


async def test_the_wait_for_another_job_does_not_count_against_the_timeout(yard):
    awaited = await yard.parse()
    waiting = await yard.parse(f"jobid://{awaited}")
    await yard.rows("UPDATE job SET timeout_s = 60 WHERE id = :id", id=waiting)
    async with yard.database.begin() as connection:
        await jobs.start(connection, waiting, "InProgress", "fetching", allowed_from=may_become("InProgress"))
    await yard.recorder("w").done(await yard.hold(waiting, "w"), Copied(waits_on=awaited))
    job = await yard.job(waiting)
    assert (job.status, job.started_at, job.deadline_at) == ("Idle", None, None)
    await end(yard, awaited)
    await yard.flow.look_at(waiting)
    async with yard.database.begin() as connection:
        await jobs.start(connection, waiting, "InProgress", "fetching", allowed_from=may_become("InProgress"))
    job = await yard.job(waiting)
    assert (job.deadline_at - job.started_at).total_seconds() == pytest.approx(60, abs=1)


async def test_the_awaited_job_ends_while_the_wait_is_written_down(yard):
    """Neither order of the two transactions may leave the job waiting for an end that has been."""
    for _ in range(5):
        awaited = await yard.parse()
        waiting = await yard.parse(f"jobid://{awaited}")
        held = await yard.hold(waiting, "w")
        await yard.lose_tasks()
        await asyncio.gather(
            yard.recorder("w").done(held, Copied(waits_on=awaited)), end(yard, awaited, "Completed")
        )
        assert ("advance", "advance", {"job_id": str(waiting)}) in await yard.tasks()
        await yard.flow.look_at(waiting)
        assert (await yard.job(waiting)).is_open
        assert (await yard.hold(waiting, "w")).kind == "intake"


async def test_a_job_that_ended_before_the_wait_is_not_waited_for(yard):
    awaited = await yard.parse()
    waiting = await yard.parse(f"jobid://{awaited}")
    held = await yard.hold(waiting, "w")
    await end(yard, awaited)
    await yard.recorder("w").done(held, Copied(waits_on=awaited))
    await yard.flow.look_at(waiting)
    assert (await yard.job(waiting)).is_open
    assert (await yard.hold(waiting, "w")).kind == "intake"


async def test_a_failed_job_is_no_document(yard):
    awaited = await yard.parse()
    await end(yard, awaited, "Failed")
    with pytest.raises(InvalidConfig, match="Failed"):
        await yard.parse(f"jobid://{awaited}")


async def test_a_job_past_its_own_timeout_fails(yard):
    job_id = await yard.parse()
    await yard.rows("UPDATE job SET timeout_s = 0.001 WHERE id = :id", id=job_id)
    async with yard.database.begin() as connection:
        await jobs.start(connection, job_id, "InProgress", "fetching", allowed_from=may_become("InProgress"))
    await asyncio.sleep(0.01)
    await yard.reconciler().once()
    job = await yard.job(job_id)
    assert job.status == "Failed"
    assert job.error is not None
    assert job.error["kind"] == "CustomerTimeout"
