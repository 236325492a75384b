"""The sweep: what is over goes, what is in use stays, and the storage is empty of what has no owner."""

from uuid import UUID, uuid4

import pytest

from job_yard import WEBHOOK
from recto.document.options import ExtractOptions, ParseOptions, ResultOptions
from recto.errors import InvalidConfig, JobDeleted, JobDeletionInProgress, NotFound, Unavailable
from recto.jobs.deletion import Deletion, gone
from recto.jobs.retention import Periods, Sweeper
from recto.jobs.submit import usable_parse_job
from recto.storage.objects import open_objects
from recto.storage.queries import jobs, retention, uploads

DAY = 86400.0
PERIODS = Periods(results_s=DAY, tombstones_s=30 * DAY, unfetched_s=3600)


@pytest.fixture
def objects():
    return open_objects("memory:///")


@pytest.fixture
def sweeper(yard, objects):
    return Sweeper(yard.database, objects, PERIODS, orphan_age_s=0, quiet_s=0)


async def keys(objects):
    return sorted(
        [key async for key in objects.list_keys("jobs")] + [key async for key in objects.list_keys("uploads")]
    )


async def store(objects, job_id, *names):
    for name in names:
        await objects.put_bytes(f"jobs/{job_id}/{name}", b"x")


async def ended(
    yard, objects, *, status="Completed", age_s=0.0, keep="standard", names=("result.json",), **values
):
    job_id = await yard.parse(keeps_nothing=keep == "none", **values)
    async with yard.database.begin() as connection:
        row = await _row(connection, job_id)
        key = f"jobs/{job_id}/result.json" if status == "Completed" else None
        await yard.flow.end(connection, row, status, result_key=key)
    await yard.rows(
        "UPDATE job SET ended_at = clock_timestamp() - make_interval(secs => :age), keep = :keep WHERE id = :id",
        age=age_s,
        keep=keep,
        id=job_id,
    )
    await store(objects, job_id, *names)
    return job_id


async def _row(connection, job_id):
    row = await jobs.get(connection, job_id, lock=True)
    assert row is not None
    return row


async def stored_upload(yard, objects, age_s=0.0):
    file_id = await yard.upload()
    upload_id = UUID(file_id.removeprefix("reducto://").removesuffix(".pdf"))
    await yard.rows(
        "UPDATE upload SET created_at = clock_timestamp() - make_interval(secs => :age) WHERE id = :id",
        age=age_s,
        id=upload_id,
    )
    key = uploads.key_of(yard.organisation, upload_id, ".pdf")
    await objects.put_bytes(key, b"x")
    return file_id, key


async def test_a_result_past_its_time_expires_and_a_younger_one_stays(yard, objects, sweeper):
    old = await ended(yard, objects, age_s=DAY + 5, names=("result.json", "source", "images/1.png"))
    young = await ended(yard, objects, age_s=DAY - 60)
    swept = await sweeper.once()
    assert (swept.jobs, swept.left) == (1, 0)
    assert await keys(objects) == [f"jobs/{young}/result.json"]
    row = await yard.job(old)
    assert isinstance(gone(row), JobDeleted)
    assert "expired" in gone(row).message
    assert (row.request, row.raw_config, row.result_key) == ({}, "", None)
    assert gone(await yard.job(young)) is None


async def test_a_persisted_result_outlives_every_sweep(yard, objects, sweeper):
    job_id = await ended(
        yard, objects, age_s=400 * DAY, keep="persist", names=("result.json", "images/1.png")
    )
    assert (await sweeper.once()).jobs == 0
    assert gone(await yard.job(job_id)) is None
    assert len(await keys(objects)) == 2


async def test_a_deletion_leaves_a_persisted_result_that_is_no_orphan(yard, objects, sweeper):
    names = ("result.json", "images/1.png", "source", "units/7-1")
    job_id = await ended(yard, objects, keep="persist", names=names)
    async with yard.database.begin() as connection:
        await retention.begin_deletion(connection, job_id, persisted_too=False)
    await Deletion(yard.database, objects).finish_one(job_id)
    kept = [f"jobs/{job_id}/images/1.png", f"jobs/{job_id}/result.json"]
    assert await keys(objects) == kept
    assert (await sweeper.once()).orphans == []
    assert await keys(objects) == kept
    async with yard.database.begin() as connection:
        await retention.begin_deletion(connection, job_id, persisted_too=True)
    assert (await sweeper.once()).jobs == 1
    assert await keys(objects) == []


async def test_a_deletion_that_was_broken_off_is_finished_by_the_sweep(yard, objects, sweeper, monkeypatch):
    job_id = await ended(yard, objects, names=("result.json", "source"))
    async with yard.database.begin() as connection:
        await retention.begin_deletion(connection, job_id, persisted_too=False)

    async def fails(_):
        raise Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(objects, "delete_all", fails)
        with pytest.raises(Unavailable):
            await Deletion(yard.database, objects).finish_one(job_id)
        assert isinstance(gone(await yard.job(job_id)), JobDeletionInProgress)
        async with yard.database.begin() as connection:
            with pytest.raises(NotFound):  # nobody builds on what is on its way out
                await usable_parse_job(connection, yard.organisation, job_id)
        with pytest.raises(Unavailable):
            await sweeper.once()
    assert (await sweeper.once()).jobs == 1
    assert isinstance(gone(await yard.job(job_id)), JobDeleted)
    assert await keys(objects) == []


async def test_uploads_expire_but_not_under_an_open_job(yard, objects, sweeper):
    (waited, waited_key), (piped, piped_key) = [await stored_upload(yard, objects, DAY + 5) for _ in range(2)]
    _, unused_key = await stored_upload(yard, objects, DAY + 5)
    _, young_key = await stored_upload(yard, objects)
    submitter = yard.submitter

    async def as_it_is(*_):
        return None

    submitter.check_references = as_it_is
    try:
        job_id, pipeline_id = await yard.parse(waited), await yard.pipeline(1, [piped])
    finally:
        del submitter.check_references
    assert (await sweeper.once()).uploads == 1
    assert await keys(objects) == sorted([waited_key, piped_key, young_key])
    assert unused_key not in await keys(objects)
    async with yard.database.begin() as connection:
        for one in (job_id, pipeline_id):
            await yard.flow.cancel(connection, yard.organisation, one)
    assert (await sweeper.once()).uploads == 2
    assert await keys(objects) == [young_key]


async def test_objects_without_a_row_are_found_and_removed(yard, objects, sweeper):
    job_id = await ended(yard, objects)
    _, upload_key = await stored_upload(yard, objects)
    lost = [f"jobs/{uuid4()}/result.json", "jobs/no-uuid/x", f"uploads/{yard.organisation}/{uuid4()}.pdf"]
    for key in lost:
        await objects.put_bytes(key, b"x")
    assert sorted((await sweeper.look()).orphans) == sorted(lost)
    swept = await sweeper.once()
    assert (sorted(swept.orphans), swept.left) == (sorted(lost), 0)
    assert await keys(objects) == sorted([f"jobs/{job_id}/result.json", upload_key])


async def test_a_late_write_below_a_deleted_job_is_an_orphan(yard, objects, sweeper):
    job_id = await ended(yard, objects, age_s=2 * DAY)
    await sweeper.once()
    await store(objects, job_id, "units/9-1")
    assert (await sweeper.once()).orphans == [f"jobs/{job_id}/units/9-1"]


async def test_a_young_object_may_still_get_its_row(yard, objects):
    await objects.put_bytes(f"uploads/{yard.organisation}/{uuid4()}.pdf", b"x")
    swept = await Sweeper(yard.database, objects, PERIODS).once()
    assert (swept.orphans, swept.left) == ([], 0)
    assert len(await keys(objects)) == 1


async def test_units_of_failed_and_cancelled_jobs_go_soon(yard, objects, sweeper):
    names = ("source", "units/1-1", "units/2-1")
    ids = [await ended(yard, objects, status=status, names=names) for status in ("Failed", "Cancelled")]
    open_id = await yard.parse()
    await store(objects, open_id, "units/3-1")
    assert (await sweeper.once()).objects == 4
    left = [f"jobs/{job_id}/source" for job_id in ids]
    assert await keys(objects) == sorted([*left, f"jobs/{open_id}/units/3-1"])
    assert (await sweeper.once()).objects == 0


async def test_the_parts_of_an_open_pipeline_do_not_expire_before_it(yard, objects, sweeper):
    pipeline_id = await yard.pipeline(2)
    first, _ = await yard.children(pipeline_id)
    async with yard.database.begin() as connection:
        await yard.flow.end(
            connection, await _row(connection, first), "Completed", result_key=f"jobs/{first}/r"
        )
    await yard.rows("UPDATE job SET ended_at = ended_at - interval '3 days' WHERE id = :id", id=first)
    assert (await sweeper.once()).jobs == 0
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, pipeline_id)
    assert (await sweeper.once()).jobs == 1


async def test_what_is_to_be_kept_no_longer_than_its_delivery(yard, objects, sweeper):
    file_id, upload_key = await stored_upload(yard, objects)
    job_id = await ended(
        yard, objects, keep="none", reference=file_id, webhook=WEBHOOK, metadata={"a": "secret"}
    )
    assert (await sweeper.once()).jobs == 0  # nobody has fetched it yet
    assert upload_key in await keys(objects)
    await Deletion(yard.database, objects).delivered(job_id, 0)
    assert await keys(objects) == []
    assert await yard.rows("SELECT id FROM upload") == []
    row = await yard.job(job_id)
    assert (row.deletion, row.request, row.metadata, row.webhook) == ("delivered", {}, None, None)
    # Its message is still on its way, and goes when it has arrived.
    assert await yard.one("SELECT count(*) FROM delivery") == 1
    await yard.rows("UPDATE delivery SET status = 'delivered'")
    await sweeper.once()
    assert await yard.one("SELECT count(*) FROM delivery") == 0


async def test_a_delivery_with_links_leaves_their_objects_until_they_end(yard, objects, sweeper):
    job_id = await ended(yard, objects, keep="none")
    await Deletion(yard.database, objects).delivered(job_id, 60)
    assert (await sweeper.once()).jobs == 0
    await yard.rows("UPDATE job SET purge_at = clock_timestamp() - interval '1 s' WHERE id = :id", id=job_id)
    assert (await sweeper.once()).jobs == 1
    assert await keys(objects) == []


async def test_what_nobody_fetches_goes_too(yard, objects, sweeper):
    await ended(yard, objects, keep="none", age_s=PERIODS.unfetched_s + 5)
    assert (await sweeper.once()).jobs == 1
    assert await keys(objects) == []


async def test_an_upload_that_others_need_outlives_a_job_that_keeps_nothing(yard, objects):
    file_id, upload_key = await stored_upload(yard, objects)
    job_id = await ended(yard, objects, keep="none", reference=file_id)
    await yard.parse(file_id)
    await Deletion(yard.database, objects).delivered(job_id, 0)
    assert await keys(objects) == [upload_key]


async def test_a_result_that_an_open_job_is_to_use_does_not_expire(yard, objects, sweeper):
    olds = [await ended(yard, objects, age_s=DAY + 5) for _ in range(4)]
    pipeline, inside = await pipeline_of_one(yard)
    user = await yard.parse(f"jobid://{olds[0]}")
    await yard.parse(f" JOBID://{str(olds[1]).upper()} ")
    await yard.parse(f"jobid://{pipeline}")
    async with yard.database.begin() as connection:
        named = [f"jobid://{olds[2]}"]
        await yard.submitter.extract(connection, yard.submission(), named, ExtractOptions(), ParseOptions())
    ages = "UPDATE job SET ended_at = clock_timestamp() - make_interval(secs => :age) WHERE id IN (:a, :b)"
    await yard.rows(ages, age=DAY + 5, a=pipeline, b=inside)
    await sweeper.once()
    for needed in (*olds[:3], pipeline, inside):
        assert gone(await yard.job(needed)) is None
    assert gone(await yard.job(olds[3])) is not None
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, user)
    await sweeper.once()
    assert gone(await yard.job(olds[0])) is not None
    assert gone(await yard.job(olds[1])) is None


@pytest.mark.parametrize("form", ["reducto://{}", "REDUCTO://{}.PDF", " reducto://{}.bin "])
async def test_an_upload_in_use_stays_however_it_is_named(yard, objects, sweeper, form):
    file_id, key = await stored_upload(yard, objects)
    upload_id = file_id.removeprefix("reducto://").removesuffix(".pdf")
    await yard.parse(form.format(upload_id))
    await yard.rows("UPDATE upload SET created_at = created_at - interval '2 days'")
    assert (await sweeper.once()).uploads == 0
    assert await keys(objects) == [key]


async def pipeline_of_one(yard):
    """A completed pipeline and its only parse."""
    pipeline = await yard.pipeline(1)
    (child,) = await yard.children(pipeline)
    async with yard.database.begin() as connection:
        await yard.flow.end(
            connection, await _row(connection, child), "Completed", result_key=f"jobs/{child}/result.json"
        )
    assert (await yard.job(pipeline)).status == "Completed"
    return pipeline, child


async def test_the_parse_of_a_pipeline_that_was_deleted_is_no_document(yard, objects):
    pipeline, child = await pipeline_of_one(yard)
    async with yard.database.begin() as connection:
        await retention.begin_deletion(connection, child, persisted_too=False)
    await Deletion(yard.database, objects).finish_one(child)
    async with yard.database.begin() as connection:
        with pytest.raises(NotFound, match="deleted"):
            await usable_parse_job(connection, yard.organisation, pipeline)


async def test_a_part_that_was_looked_at_stays_until_its_whole_is_delivered(yard, objects):
    pipeline = await yard.pipeline(2, keeps_nothing=True)
    first, second = await yard.children(pipeline)
    deletion = Deletion(yard.database, objects)
    for child in (first, second):
        async with yard.database.begin() as connection:
            await yard.flow.end(connection, await _row(connection, child), "Completed", result_key="k")
        await deletion.delivered(child, 0)
        assert gone(await yard.job(child)) is None
    await deletion.delivered(pipeline, 0)
    assert all([gone(await yard.job(one)) is not None for one in (pipeline, first, second)])


async def test_the_parts_of_a_pipeline_that_keeps_nothing_go_with_it(yard, objects):
    pipeline_id = await yard.pipeline(2, keeps_nothing=True)
    parts = await yard.children(pipeline_id)
    for part in parts:
        await store(objects, part, "result.json")
        async with yard.database.begin() as connection:
            await yard.flow.end(connection, await _row(connection, part), "Completed", result_key="k")
    assert (await yard.job(pipeline_id)).status == "Completed"
    await Deletion(yard.database, objects).delivered(pipeline_id, 0)
    assert await keys(objects) == []
    assert [(await yard.job(one)).deletion for one in (pipeline_id, *parts)] == ["delivered"] * 3


async def test_for_ever_and_not_at_all_is_refused(yard):
    options = ParseOptions(result=ResultOptions(persist=True))
    file_id, submission = await yard.upload(), yard.submission(keeps_nothing=True)
    async with yard.database.begin() as connection:
        with pytest.raises(InvalidConfig, match="contradict"):
            await yard.submitter.parse(connection, submission, file_id, options)


async def test_tombstones_go_last_and_children_before_their_pipeline(yard, objects, sweeper):
    pipeline_id = await yard.pipeline(2)
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, pipeline_id)
    await yard.rows("UPDATE job SET ended_at = ended_at - interval '2 days'")
    assert (await sweeper.once()).jobs == 3
    assert await yard.one("SELECT count(*) FROM job") == 3
    await yard.rows("UPDATE job SET deleted_at = deleted_at - interval '31 days'")
    assert [(await sweeper.once()).tombstones for _ in range(3)] == [2, 1, 0]
    assert await yard.one("SELECT count(*) FROM job") == 0


async def test_one_of_the_fleet_sweeps(yard, objects, sweeper):
    await ended(yard, objects, age_s=2 * DAY)
    async with yard.database.begin() as held:
        assert await retention.try_lock(held)
        assert await sweeper.once() is None
    assert (await sweeper.once()).jobs == 1


async def test_turns_are_taken_once_in_a_while_whoever_asks(yard):
    async with yard.database.begin() as connection:
        assert await retention.take_turn(connection, "t", 60)
        assert not await retention.take_turn(connection, "t", 60)
        assert await retention.take_turn(connection, "t", 0)


async def test_without_a_time_nothing_expires(yard, objects):
    await ended(yard, objects, age_s=1000 * DAY)
    await stored_upload(yard, objects, 1000 * DAY)
    forever = Sweeper(yard.database, objects, Periods(None, 30 * DAY, 3600), orphan_age_s=0, quiet_s=0)
    swept = await forever.once()
    assert (swept.jobs, swept.uploads) == (0, 0)
    assert (await forever.once(older_than_s=DAY)).jobs == 1  # as `recto jobs purge --older-than 1d` does


async def test_a_dry_look_changes_nothing(yard, objects, sweeper):
    await ended(yard, objects, age_s=2 * DAY)
    await stored_upload(yard, objects, 2 * DAY)
    before = await keys(objects)
    looked = await sweeper.look()
    # The dry look finds the second upload too: the job's own, whose bytes this test never stored.
    assert (looked.jobs, looked.uploads, looked.orphans) == (1, 1, [])
    assert await keys(objects) == before


async def test_readings_that_serve_a_retry_stay(yard, objects, sweeper):
    job_id = await ended(yard, objects, names=("result.json", "units/1"))
    await yard.rows(
        "UPDATE unit SET status = 'failed', kind = 'read', pages = '{3}' WHERE job_id = :id", id=job_id
    )
    assert (await sweeper.once()).objects == 0
    assert f"jobs/{job_id}/units/1" in await keys(objects)


async def test_what_a_killed_writer_left_in_a_folder_goes(yard, tmp_path):
    objects = open_objects(tmp_path.as_uri())
    folder = tmp_path / "uploads" / str(yard.organisation)
    folder.mkdir(parents=True)
    (folder / f"{uuid4()}.pdf#1").write_bytes(b"half a document")
    assert (
        await Sweeper(yard.database, objects, PERIODS).once()
    ).objects == 0  # it may still be being written
    assert (await Sweeper(yard.database, objects, PERIODS, orphan_age_s=0).once()).objects == 1
    assert not any(tmp_path.rglob("*.pdf*"))


async def test_a_turn_sweeps_rows_often_and_lists_the_storage_seldom(yard, objects, sweeper):
    first = await sweeper.turn()
    assert (first is not None, first.left) == (True, 0)
    assert await sweeper.turn() is None
    await yard.rows("UPDATE sweep SET ran_at = ran_at - interval '1 minute'")
    assert (await sweeper.turn()).left is None
    await yard.rows("UPDATE sweep SET ran_at = ran_at - interval '2 hours'")
    assert (await sweeper.turn()).left == 0


@pytest.mark.parametrize(("deletion", "kept"), [("expired", 1), ("asked", 0)])
async def test_a_message_that_was_given_up_outlives_an_expired_job_but_not_a_deleted_one(
    yard, objects, sweeper, deletion, kept
):
    await ended(yard, objects, webhook=WEBHOOK)
    await yard.rows("UPDATE delivery SET status = 'failed'")
    await yard.rows("UPDATE job SET deletion = :deletion, deleting_at = clock_timestamp()", deletion=deletion)
    await sweeper.once()
    assert await yard.one("SELECT deleted_at IS NOT NULL FROM job")
    assert await yard.one("SELECT count(*) FROM webhook_message") == kept
    await yard.rows("UPDATE delivery SET status = 'delivered'")
    await sweeper.once()
    assert await yard.one("SELECT count(*) FROM webhook_message") == 0
