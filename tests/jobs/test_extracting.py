"""Extract jobs: their parses below them, jobs they wait for, how they end together, and what they read."""

from dataclasses import replace
from uuid import uuid4

import pytest

from job_yard import read
from recto.document.block import Block
from recto.document.extraction import ReadDocument
from recto.document.geometry import Box
from recto.document.options import ExtractOptions, PageSpan, ParseOptions
from recto.document.result import PageInfo
from recto.errors import (
    DocumentCorrupt,
    InvalidConfig,
    InvalidPageRange,
    JobState,
    NotFound,
    SubprocessCrashed,
)
from recto.jobs.assembling import Assembled
from recto.jobs.extracting import Extracted, chosen_documents, extract_options_of, parses_of
from recto.jobs.records import Outcome
from recto.jobs.states import may_become
from recto.storage.queries import jobs, retention

PLAIN = ParseOptions()
ANSWER = Extracted(40, 3, {"usage": {"num_pages": 3}}, ("A row was left out.",))


async def extract(yard, *references, parsing=PLAIN, **values):
    references = references or [await yard.upload()]
    async with yard.database.begin() as connection:
        return await yard.submitter.extract(
            connection, yard.submission(**values), references, ExtractOptions(schema='{"b": 1}'), parsing
        )


async def end(yard, job_id, status="Completed", **values):
    async with yard.database.begin() as connection:
        row = await jobs.get(connection, job_id, lock=True)
        await yard.flow.end(connection, row, status, **values)


async def begin(yard, job_id):
    async with yard.database.begin() as connection:
        await jobs.start(connection, job_id, "InProgress", "fetching", allowed_from=may_become("InProgress"))


async def parse_whole(yard, job_id):
    """Play the worker of a parse from its intake to its end."""
    held = await yard.take_in(job_id, "w", 2)
    held = await yard.recorder("w").done(held, read(2))
    usage = {"num_pages": 2, "credits": 2.0}
    assert (
        await yard.recorder("w").done(held, Outcome(result_key="r", assembled=Assembled(9, usage, ())))
        is None
    )


async def listed(yard):
    async with yard.database.begin() as connection:
        return await jobs.listing(connection, yard.organisation, before=None, limit=99)


async def test_its_documents_are_parsed_first_and_then_it_extracts(yard):
    top = await extract(yard, await yard.upload(), await yard.upload())
    first, second = await yard.children(top)
    await parse_whole(yard, second)
    assert await yard.unit_states(top) == []
    await parse_whole(yard, first)
    assert await yard.unit_states(top) == [("extract", "pending", 0)]
    async with yard.database.begin() as connection:
        found = await parses_of(connection, await yard.job(top))
    assert [parse.id for parse in found] == [first, second]
    held = await yard.hold(top, "w")
    await yard.recorder("w").done(held, Outcome(result_key="k", extracted=ANSWER))
    job = await yard.job(top)
    assert (job.status, job.result_key, job.result_bytes, job.pages_done) == ("Completed", "k", 40, 3)
    assert job.warnings == ["A row was left out."]
    assert job.summary == {"usage": {"num_pages": 3}}


async def test_its_options_keep_the_order_of_the_schema(yard):
    top = await extract(yard)
    assert extract_options_of(await yard.job(top)) == ExtractOptions(schema='{"b": 1}')


async def test_its_parses_are_not_listed_and_a_pipelines_are(yard):
    top = await extract(yard)
    pipeline = await yard.pipeline(1)
    shown = {row.id for row in await listed(yard)}
    assert shown == {top, pipeline, *await yard.children(pipeline)}
    async with yard.database.begin() as connection:
        assert await jobs.insides(connection, top) == await yard.children(top)
        assert await jobs.insides(connection, pipeline) == []


async def test_it_shows_the_pages_of_its_parses_while_they_run(yard):
    top = await extract(yard)
    (child,) = await yard.children(top)
    await begin(yard, child)
    await yard.take_in(child, "w", 4)
    await yard.recorder("w").done(await yard.hold(child, "w"), read(2))
    (row,) = await listed(yard)
    assert (row.status, row.stage, row.pages_done, row.pages_total) == ("InProgress", "reading", 2, 4)


async def test_its_clock_is_that_of_its_parses_together(yard):
    timed = replace(PLAIN, read=replace(PLAIN.read, timeout_s=0.001))
    top = await extract(yard, parsing=timed)
    (child,) = await yard.children(top)
    assert (await yard.job(child)).timeout_s is None
    assert (await yard.job(top)).deadline_at is None
    await begin(yard, child)
    await yard.flow.time_out(top)
    assert (await yard.job(top)).error["kind"] == "CustomerTimeout"
    assert (await yard.job(child)).status == "Failed"


async def test_only_an_extractions_clock_begins_with_its_parts(yard):
    pipeline = await yard.pipeline(1)
    (child,) = await yard.children(pipeline)
    await begin(yard, child)
    assert (await yard.job(child)).started_at is not None
    assert (await yard.job(pipeline)).started_at is None


async def test_what_was_parsed_before_is_extracted_from_at_once(yard):
    top = await extract(yard, f"jobid://{await finished(yard)}")
    await yard.flow.look_at(top)
    await begin(yard, top)
    job = await yard.job(top)
    assert (job.status, job.stage) == ("InProgress", "extracting")
    assert job.started_at is not None


async def test_a_document_that_fails_is_named_and_ends_the_others(yard):
    top = await extract(yard, await yard.upload(), await yard.upload())
    first, second = await yard.children(top)
    await end(yard, second, "Failed", error=DocumentCorrupt("It is torn."))
    job = await yard.job(top)
    assert job.error == {"kind": "DocumentCorrupt", "message": "Document 2 of 2: It is torn."}
    assert (await yard.job(first)).status == "Cancelled"


async def test_cancelling_it_cancels_its_parses(yard):
    top = await extract(yard)
    async with yard.database.begin() as connection:
        await yard.flow.cancel(connection, yard.organisation, top)
    (child,) = await yard.children(top)
    assert (await yard.job(child)).status == "Cancelled"
    async with yard.database.begin() as connection:
        with pytest.raises(JobState):
            await yard.flow.cancel(connection, yard.organisation, await finished(yard))


async def finished(yard):
    job_id = await yard.parse()
    await end(yard, job_id)
    return job_id


class TestParsedAlready:
    async def test_a_parsed_document_is_not_parsed_again(self, yard):
        parsed = await finished(yard)
        top = await extract(yard, f"jobid://{parsed}")
        assert await yard.children(top) == []
        assert ("advance", "advance", {"job_id": str(top)}) in await yard.tasks()
        await yard.flow.look_at(top)
        await yard.flow.look_at(top)
        assert await yard.unit_states(top) == [("extract", "pending", 0)]

    async def test_one_that_is_being_parsed_is_awaited(self, yard):
        parsing, ready = await yard.parse(), await finished(yard)
        top = await extract(yard, f"jobid://{ready}", f"jobid://{parsing}")
        await yard.flow.look_at(top)
        job = await yard.job(top)
        assert (job.status, job.stage, job.waits_on) == ("Idle", "waiting", parsing)
        await yard.flow.look_at(top)
        assert await yard.unit_states(top) == []
        await yard.lose_tasks()
        await end(yard, parsing)
        assert ("advance", "advance", {"job_id": str(top)}) in await yard.tasks()
        await yard.flow.look_at(top)
        job = await yard.job(top)
        assert (job.status, job.waits_on) == ("Pending", None)
        assert await yard.unit_states(top) == [("extract", "pending", 0)]

    async def test_one_that_ends_while_it_is_looked_for_is_not_waited_for_for_ever(self, yard):
        parsing = await yard.parse()
        top = await extract(yard, f"jobid://{parsing}")
        await yard.flow.look_at(top)
        async with yard.database.begin() as connection:
            await jobs.end(
                connection, parsing, allowed_from=frozenset({"Pending"}), status="Completed", error=None
            )
        await yard.flow.look_at(top)
        assert await yard.unit_states(top) == [("extract", "pending", 0)]

    async def test_one_that_fails_while_it_is_awaited_fails_the_extraction(self, yard):
        parsing = await yard.parse()
        top = await extract(yard, f"jobid://{parsing}")
        await yard.flow.look_at(top)
        await end(yard, parsing, "Failed", error=DocumentCorrupt())
        await yard.flow.look_at(top)
        job = await yard.job(top)
        assert (job.status, job.error["kind"]) == ("Failed", "InvalidConfig")
        assert str(parsing) in job.error["message"]

    async def test_one_that_was_deleted_meanwhile_fails_the_extraction(self, yard):
        parsed = await finished(yard)
        top = await extract(yard, f"jobid://{parsed}")
        async with yard.database.begin() as connection:
            await retention.bury(connection, parsed)
        await yard.flow.look_at(top)
        assert (await yard.job(top)).error["kind"] == "NotFound"

    @pytest.mark.parametrize("state", ["failed", "deleted", "unknown", "pipeline of two"])
    async def test_what_has_no_result_is_refused_at_once(self, yard, state):
        other, expected = uuid4(), NotFound
        if state == "failed":
            other, expected = await yard.parse(), InvalidConfig
            await end(yard, other, "Failed", error=DocumentCorrupt())
        elif state == "deleted":
            other = await finished(yard)
            async with yard.database.begin() as connection:
                await retention.bury(connection, other)
        elif state == "pipeline of two":
            other, expected = await yard.pipeline(2), InvalidConfig
        with pytest.raises(expected):
            await extract(yard, f"jobid://{other}")

    async def test_an_extraction_stands_for_the_one_document_it_read(self, yard):
        top = await extract(yard)
        (child,) = await yard.children(top)
        await end(yard, child)
        again = await extract(yard, f"jobid://{top}")
        further = await extract(yard, f"jobid://{again}")
        for job_id in (again, further):
            async with yard.database.begin() as connection:
                (parse,) = await parses_of(connection, await yard.job(job_id))
            assert parse.id == child


async def test_a_unit_that_fails_is_tried_again_and_then_the_job_has_failed(yard):
    top = await extract(yard, f"jobid://{await finished(yard)}")
    await yard.flow.look_at(top)
    fault = SubprocessCrashed("It died.")
    await yard.recorder("w").failed(await yard.hold(top, "w"), fault, callers_fault=False)
    assert await yard.unit_states(top) == [("extract", "pending", 1)]
    await yard.recorder("w").failed(await yard.hold(top, "w"), fault, callers_fault=False)
    assert (await yard.job(top)).error == {"kind": "SubprocessCrashed", "message": "It died."}


async def test_the_reconciler_advances_one_whose_message_got_lost(yard):
    top = await extract(yard, f"jobid://{await finished(yard)}")
    await yard.lose_tasks()
    await yard.reconciler().once()
    assert await yard.unit_states(top) == [("extract", "pending", 0)]


async def test_a_pipelines_extraction_reads_its_parses(yard):
    references = [await yard.upload(), await yard.upload()]
    top = await yard.pipeline(
        2, references, steps=[{"parse": {}}, {"extract": {"instructions": {"schema": {}}}}]
    )
    for parse in await yard.children(top):
        await end(yard, parse)
    first, second, last = await yard.children(top)
    job = await yard.job(last)
    assert (job.type, job.parent_id, job.position) == ("Extract", top, 2)
    assert job.request["references"] == [f"jobid://{first}", f"jobid://{second}"]
    assert last in {row.id for row in await listed(yard)}
    await yard.flow.look_at(last)
    await yard.recorder("w").done(await yard.hold(last, "w"), Outcome(result_key="k", extracted=ANSWER))
    assert (await yard.job(top)).status == "Completed"


async def test_a_pipeline_fails_with_its_extraction(yard):
    top = await yard.pipeline(1, steps=[{"parse": {}}, {"extract": {"instructions": {"schema": {}}}}])
    (parse,) = await yard.children(top)
    await end(yard, parse)
    _, last = await yard.children(top)
    await end(yard, last, "Failed", error=SubprocessCrashed("It died."))
    assert (await yard.job(top)).error == {"kind": "SubprocessCrashed", "message": "It died."}


def document(*numbers):
    pages = tuple(PageInfo(number, number, 600, 800, "digital", "") for number in numbers)
    blocks = tuple(Block("Text", number, Box(0, 0, 1, 1), "t") for number in numbers)
    return ReadDocument(pages, blocks, dict.fromkeys(numbers, ()))


@pytest.mark.parametrize(
    ("documents", "spans", "chosen"),
    [
        ([(1, 2, 3)], (), [[1, 2, 3]]),
        ([(1, 2, 3)], (PageSpan(2, 9),), [[2, 3]]),
        ([(4, 5)], (PageSpan(None, 4),), [[4]]),
        ([(1, 2, 3), (1,)], (PageSpan(2, 3),), [[2, 3], []]),
    ],
)
def test_a_page_range_chooses_of_every_document(documents, spans, chosen):
    found = chosen_documents([document(*numbers) for numbers in documents], spans)
    assert [[page.number for page in one.pages] for one in found] == chosen
    assert [[block.page for block in one.blocks] for one in found] == chosen


@pytest.mark.parametrize("documents", [[(1, 2)], [(1, 2), (1,)], [(4, 5)]])
def test_a_page_range_beyond_every_document_is_refused(documents):
    with pytest.raises(InvalidPageRange):
        chosen_documents(
            [document(*numbers) for numbers in documents],
            (PageSpan(3, 3) if documents[0] == (4, 5) else PageSpan(9),),
        )
