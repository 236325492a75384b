"""The vendor's own client makes every call, synchronous and asynchronous, lenient and strict.

The lenient client turns a body that misses its schema silently into another class, so class names are asserted.
"""

import asyncio
import re

import httpx
import pytest
import reducto

from documents.pdfs import REPORT_TITLE, pages_pdf, report_pdf
from documents.serving import Answer

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
NOWHERE = "http://127.0.0.1:9/never.pdf"  # the discard port: nobody listens


async def async_ended(client, job_id):
    for _ in range(1000):
        job = await client.job.get(job_id)
        if job.status != "Pending":
            return job
        await asyncio.sleep(0.03)
    raise AssertionError(f"job {job_id} did not end")


def kind(value):
    return type(value).__name__


def check_parse(answer, pages=2):
    assert kind(answer) == "ParseResponse"
    assert kind(answer.result) == "ResultFullResult"
    assert re.fullmatch(UUID, answer.job_id)
    assert answer.response_type == "parse"
    assert answer.usage.num_pages == pages
    assert answer.duration > 0
    return answer


class TestUploads:
    def test_a_file(self, client):
        answer = client.upload(file=("report.pdf", report_pdf()))
        assert kind(answer) == "Upload"
        assert re.fullmatch(rf"reducto://{UUID}\.pdf", answer.file_id)
        assert answer.presigned_url is None

    @pytest.mark.parametrize("extension", ["pdf", ".PDF"])
    def test_bytes_without_a_name_take_the_extension_given(self, client, extension):
        answer = client.upload(file=report_pdf(), extension=extension)
        assert answer.file_id.endswith(".pdf")
        check_parse(client.parse.run(input=answer.file_id))

    def test_a_presigned_url_takes_the_bytes_without_a_key(self, client):
        answer = client.upload()
        assert kind(answer) == "Upload"
        with pytest.raises(reducto.NotFoundError, match="Nothing has been uploaded"):
            client.parse.run(input=answer)
        put = httpx.put(answer.presigned_url, content=report_pdf())
        assert put.status_code == 200, put.text
        check_parse(client.parse.run(input=answer))

    def test_deletion_takes_the_whole_reference_with_its_slashes(self, client):
        file_id = client.upload(file=("a.pdf", report_pdf())).file_id
        answer = client.delete_upload(file_id)
        assert kind(answer) == "ClientDeleteUploadResponse"
        assert answer.file_id == file_id
        with pytest.raises(reducto.NotFoundError):
            client.delete_upload(file_id)
        with pytest.raises(reducto.NotFoundError):
            client.parse.run(input=file_id)

    def test_deletion_takes_the_bare_id(self, client):
        file_id = client.upload(file=("a.pdf", report_pdf())).file_id
        bare = file_id.removeprefix("reducto://").removesuffix(".pdf")
        assert client.delete_upload(bare).file_id == file_id


class TestParse:
    def test_waiting(self, client, report):
        answer = check_parse(client.parse.run(input=report))
        (chunk,) = answer.result.chunks
        assert REPORT_TITLE in chunk.content
        assert chunk.embed == chunk.content
        assert {kind(block) for block in chunk.blocks} == {"ResultFullResultChunkBlock"}
        assert {block.bbox.page for block in chunk.blocks} == {1, 2}
        assert httpx.get(answer.pdf_url).content == report_pdf()

    def test_waiting_with_async_is_a_job(self, client, report, ended):
        answer = client.parse.run(input=report, async_={"priority": False})
        assert kind(answer) == "AsyncParseResponse"
        assert ended(answer.job_id).status == "Completed"

    def test_a_job(self, client, report, ended):
        answer = client.parse.run_job(input=report, queue_priority="batch")
        assert kind(answer) == "AsyncParseResponse"
        ended(answer.job_id)
        job = client.job.get(answer.job_id)
        assert kind(job) == "EnhancedAsyncJobResponse"
        assert (job.status, job.type, job.progress, job.reason, job.error) == (
            "Completed",
            "Parse",
            1.0,
            None,
            None,
        )
        assert (job.num_pages, job.total_pages) == (2, 2)
        assert job.created_at is not None
        assert report in job.raw_config
        check_parse(job.result)
        assert job.result.job_id == answer.job_id


class TestPipeline:
    def test_waiting(self, client, report, pipeline_id):
        answer = client.pipeline.run(input=report, pipeline_id=pipeline_id)
        self.check(answer)

    def test_a_job(self, client, report, pipeline_id, ended):
        answer = client.pipeline.run_job(
            input=report, pipeline_id=pipeline_id, async_={"metadata": [1, None]}
        )
        assert kind(answer) == "AsyncPipelineResponse"
        ended(answer.job_id)
        job = client.job.get(answer.job_id)
        assert (kind(job), job.status, job.type) == ("EnhancedAsyncJobResponse", "Completed", "Pipeline")
        assert (job.num_pages, job.total_pages) == (2, 2)
        self.check(job.result)

    def check(self, answer):
        assert kind(answer) == "PipelineResponse"
        assert answer.response_type == "pipeline"
        assert answer.usage.num_pages == 2
        check_parse(answer.result.parse)
        assert answer.result.parse.job_id != answer.job_id
        assert (answer.result.extract, answer.result.split, answer.result.edit) == (None, None, None)


class TestJobs:
    def test_a_list_in_pages_while_jobs_arrive(self, client, report):
        made = [client.parse.run_job(input=report).job_id for _ in range(3)]
        first = client.job.get_all(limit=2)
        assert kind(first) == "JobGetAllResponse"
        assert [kind(job) for job in first.jobs] == ["Job", "Job"]
        assert [job.job_id for job in first.jobs] == [made[2], made[1]]
        assert all(job.type == "Parse" and report in job.raw_config for job in first.jobs)
        client.parse.run_job(input=report)
        second = client.job.get_all(limit=2, cursor=first.next_cursor, exclude_configs=True)
        assert second.jobs[0].job_id == made[0]
        assert second.jobs[0].raw_config == ""

    def test_the_last_page_has_no_cursor(self, client, report):
        client.parse.run(input=report)
        seen, cursor = [], None
        while True:
            page = client.job.get_all(limit=500, **({"cursor": cursor} if cursor else {}))
            seen += [job.job_id for job in page.jobs]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen))

    def test_cancelling(self, client, outside, ended):
        before = len(outside.requests("/hangs-for-cancel.pdf"))
        hanging = outside.put("/hangs-for-cancel.pdf", Answer(hangs=True))
        job_id = client.parse.run_job(input=hanging).job_id
        outside.wait_for("/hangs-for-cancel.pdf", before + 1)
        assert client.job.cancel(job_id) == {"job_id": job_id, "status": "Cancelled"}
        job = client.job.get(job_id)
        assert (job.status, job.error.name, job.result) == ("Failed", "JOB_CANCELLED", None)
        assert client.job.cancel(job_id)["status"] == "Cancelled"
        listed = next(one for one in client.job.get_all(limit=100).jobs if one.job_id == job_id)
        assert listed.status == "Cancelled"

    def test_an_ended_job_is_not_cancelled(self, client, report):
        job_id = client.parse.run(input=report).job_id
        with pytest.raises(reducto.ConflictError) as caught:
            client.job.cancel(job_id)
        assert caught.value.body["error"]["name"] == "JOB_STATE_ERROR"

    def test_deleting(self, client, report):
        job_id = client.parse.run(input=report).job_id
        answer = client.job.delete(job_id)
        assert kind(answer) == "JobDeleteResponse"
        assert answer.job_id == job_id
        with pytest.raises(reducto.APIStatusError) as caught:
            client.job.get(job_id)
        assert caught.value.status_code == 410
        assert caught.value.body["error"]["name"] == "JOB_DELETED"
        assert client.job.delete(job_id).job_id == job_id

    def test_an_open_job_is_not_deleted(self, client, outside):
        job_id = client.parse.run_job(input=outside.put("/hangs-for-delete.pdf", Answer(hangs=True))).job_id
        with pytest.raises(reducto.BadRequestError) as caught:
            client.job.delete(job_id)
        assert caught.value.body["error"]["name"] == "JOB_NOT_COMPLETE"
        client.job.cancel(job_id)


class TestService:
    def test_the_version(self, client):
        assert re.fullmatch(r'"?\d+\.\d+\.\d+[^"]*"?', client.api_version())

    @pytest.mark.parametrize(
        "call",
        [
            lambda client: client.split.run(input="x", split_description=[]),
            lambda client: client.classify.run(input="x", classification_schema=[]),
            lambda client: client.edit.run(document_url="x", edit_instructions="y"),
        ],
        ids=["split", "classify", "edit"],
    )
    def test_what_is_not_there_yet_says_so(self, client, call):
        with pytest.raises(reducto.UnprocessableEntityError, match="not available yet"):
            call(client)

    def test_the_portal_of_webhooks_opens(self, client):
        page = httpx.get(client.webhook.run().strip('"'))
        assert (page.status_code, "Endpoints" in page.text) == (200, True)


class TestAsynchronousClient:
    async def test_every_call(self, async_client, pipeline_id):
        client = async_client
        upload = await client.upload(file=("pages.pdf", pages_pdf(3)))
        assert kind(upload) == "Upload"
        parse, job, pipeline, pipeline_job, version, presigned = await asyncio.gather(
            client.parse.run(input=upload),
            client.parse.run_job(input=upload),
            client.pipeline.run(input=upload, pipeline_id=pipeline_id),
            client.pipeline.run_job(input=upload.file_id, pipeline_id=pipeline_id),
            client.api_version(),
            client.upload(),
        )
        check_parse(parse, pages=3)
        assert kind(job) == "AsyncParseResponse"
        assert kind(pipeline) == "PipelineResponse"
        assert kind(pipeline.result.parse) == "ParseResponse"
        assert kind(pipeline_job) == "AsyncPipelineResponse"
        assert isinstance(version, str)
        assert presigned.presigned_url.startswith("http")
        for one, name in ((job, "ParseResponse"), (pipeline_job, "PipelineResponse")):
            shown = await async_ended(client, one.job_id)
            assert (kind(shown), shown.status, kind(shown.result)) == (
                "EnhancedAsyncJobResponse",
                "Completed",
                name,
            )
        listed = await client.job.get_all(limit=500)
        assert kind(listed) == "JobGetAllResponse"
        assert {parse.job_id, job.job_id} <= {one.job_id for one in listed.jobs}
        assert (await client.job.delete(job.job_id)).job_id == job.job_id
        with pytest.raises(reducto.ConflictError):
            await client.job.cancel(parse.job_id)
        assert (await client.delete_upload(upload.file_id)).file_id == upload.file_id
        with pytest.raises(reducto.NotFoundError):
            await client.job.get("00000000-0000-4000-8000-000000000000")


def test_a_wrong_key_is_refused(server):
    with (
        reducto.Reducto(api_key="recto_wrong", base_url=server.url, max_retries=0) as client,
        pytest.raises(reducto.AuthenticationError) as caught,
    ):
        client.parse.run(input=NOWHERE)
    assert caught.value.body["error"]["name"] == "AUTH_ERROR"
