"""The vendor's own client extracts: waiting, in the background, asynchronously, from jobs, through pipelines.

Lenient and strict, as in test_client_calls; what the values are is the engine's business, that they arrive is ours.
"""

import json
import time

import pytest

from documents.labelled import NOTE_SCHEMA, labelled_pdf
from documents.pdfs import pages_pdf
from documents.serving import Answer

INSTRUCTIONS = {"schema": NOTE_SCHEMA}
CITED = {"citations": {"enabled": True}}


def kind(value):
    return type(value).__name__


@pytest.fixture(scope="module")
def note(sdk):
    return sdk.upload(file=("note.pdf", labelled_pdf())).file_id


@pytest.fixture(scope="module")
def chain(http):
    """A deployed pipeline that parses and extracts."""
    steps = [{"parse": {}}, {"extract": {"instructions": INSTRUCTIONS, "settings": CITED}}]
    answer = http.post("/recto/v1/pipelines", json={"name": "wire: extract", "steps": steps})
    assert answer.status_code == 201, answer.text
    return answer.json()["pipeline_id"]


def check_values(answer, pages=1):
    assert kind(answer) == "V3Extract"
    assert answer.response_type == "v3_extract"
    (values,) = answer.result
    assert (values["reference"], values["place"], values["total"]) == ("AB-2041", "Hamburg", 1204.5)
    assert "telephone" not in values
    assert (answer.usage.num_pages, answer.usage.num_fields) == (pages, 3)
    assert answer.duration > 0
    assert answer.confidence in {"high", "low"}
    assert answer.extraction["engine"] == "rules"
    return answer


def check_cited(result, said, document=None):
    leaf = result["reference"]
    assert leaf["value"] == "AB-2041"
    (citation,) = leaf["citations"]
    assert citation["verification"] == "verified"
    assert citation["content"] == said
    assert set(citation["bbox"]) == {"left", "top", "width", "height", "page", "original_page"}
    assert citation["parentBlock"]["content"]
    assert citation.get("document_index") == document
    return citation


def test_waiting(client, note):
    answer = check_values(client.extract.run(input=note, instructions=INSTRUCTIONS))
    parsed = client.parse.run(input=note)
    assert answer.usage.credits == parsed.usage.credits + 2.0


def test_waiting_with_async_is_a_job(client, note, ended):
    answer = client.extract.run(input=note, instructions=INSTRUCTIONS, async_={"priority": False})
    assert kind(answer) == "AsyncExtractResponse"
    assert ended(answer.job_id).status == "Completed"


def test_a_job(client, note, ended):
    answer = client.extract.run_job(
        input=note, instructions=INSTRUCTIONS, queue_priority="batch", async_={"metadata": {"a": 1}}
    )
    assert kind(answer) == "AsyncExtractResponse"
    ended(answer.job_id)
    job = client.job.get(answer.job_id)
    assert kind(job) == "EnhancedAsyncJobResponse"
    assert (job.status, job.type, job.progress, job.error) == ("Completed", "Extract", 1.0, None)
    assert (job.num_pages, job.total_pages) == (1, 1)
    check_values(job.result)
    assert job.result.job_id == answer.job_id


async def test_asynchronously(async_client, note):
    check_values(await async_client.extract.run(input=note, instructions=INSTRUCTIONS))
    assert (
        kind(await async_client.extract.run_job(input=note, instructions=INSTRUCTIONS))
        == "AsyncExtractResponse"
    )


def test_citations(client, note):
    answer = client.extract.run(input=note, instructions=INSTRUCTIONS, settings=CITED)
    assert kind(answer) == "V3Extract"
    check_cited(answer.result, "AB-2041")


def test_a_parsed_document_costs_no_second_parse(client, note):
    parsed = client.parse.run(input=note)
    answer = client.extract.run(input=f"jobid://{parsed.job_id}", instructions=INSTRUCTIONS)
    assert check_values(answer).usage.credits == 2.0
    again = client.extract.run(input=f"jobid://{answer.job_id}", instructions=INSTRUCTIONS)
    check_values(again)


def test_several_documents_are_one_answer(client, note):
    other = client.upload(file=("other.pdf", pages_pdf(2))).file_id
    answer = client.extract.run(input=[other, note], instructions=INSTRUCTIONS, settings=CITED)
    assert answer.usage.num_pages == 3
    assert check_cited(answer.result, "AB-2041", document=1)["bbox"]["page"] == 1


def test_a_pipeline(client, note, chain):
    answer = client.pipeline.run(input=note, pipeline_id=chain)
    assert kind(answer) == "PipelineResponse"
    assert kind(answer.result.parse) == "ParseResponse"
    assert kind(answer.result.extract) == "V3Extract"
    assert answer.result.split is None
    check_cited(answer.result.extract.result, "AB-2041")
    assert len({answer.job_id, answer.result.parse.job_id, answer.result.extract.job_id}) == 3
    assert answer.usage.num_pages == 1
    assert answer.usage.credits == answer.result.parse.usage.credits + 2.0
    child = client.job.get(answer.result.extract.job_id)
    assert (child.type, child.status) == ("Extract", "Completed")


def test_a_pipeline_of_several_documents(client, note, chain, ended):
    other = client.upload(file=("other.pdf", pages_pdf(2))).file_id
    job = client.pipeline.run_job(input=[note, other], pipeline_id=chain)
    answer = ended(job.job_id).result
    assert [parse.usage.num_pages for parse in answer.result.parse] == [1, 2]
    assert kind(answer.result.extract) == "V3Extract"
    check_cited(answer.result.extract.result, "AB-2041", document=0)
    assert answer.usage.num_pages == 3
    assert answer.usage.credits == sum(parse.usage.credits for parse in answer.result.parse) + 6.0


def test_a_result_that_was_taken_over_can_be_extracted_from_when_the_first_is_gone(sdk, note, chain):
    first = sdk.parse.run(input=note).job_id
    copy = sdk.parse.run(input=f"jobid://{first}").job_id
    sdk.job.delete(first)
    check_values(sdk.extract.run(input=f"jobid://{copy}", instructions=INSTRUCTIONS))
    answer = sdk.pipeline.run(input=f"jobid://{copy}", pipeline_id=chain)
    check_cited(answer.result.extract.result, "AB-2041")
    assert answer.usage.credits == 2.0


def test_a_link(client, note):
    answer = client.extract.run(input=note, instructions=INSTRUCTIONS, settings={"force_url_result": True})
    assert kind(answer) == "V3Extract"
    assert answer.result["type"] == "url"
    assert answer.result["result_id"] == answer.job_id


class TestOpenDocuments:
    """What happens while a document is still being fetched: its host keeps the server waiting."""

    def test_cancelling(self, client, outside, ended):
        hanging = outside.put("/hangs-for-extract.pdf", Answer(hangs=True))
        before = len(outside.requests("/hangs-for-extract.pdf"))
        job_id = client.extract.run_job(input=hanging, instructions=INSTRUCTIONS).job_id
        outside.wait_for("/hangs-for-extract.pdf", before + 1)
        job = client.job.get(job_id)
        assert (job.status, job.type, job.result) == ("Pending", "Extract", None)
        client.job.cancel(job_id)
        job = ended(job_id)
        assert (job.status, job.error.name) == ("Failed", "JOB_CANCELLED")

    def test_a_parse_that_is_not_ready_is_awaited(self, sdk, outside, ended):
        gate = outside.hold("/slow-for-extract.pdf", labelled_pdf())
        parsing = sdk.parse.run_job(input=outside.url("/slow-for-extract.pdf")).job_id
        waiting = sdk.extract.run_job(input=f"jobid://{parsing}", instructions=INSTRUCTIONS).job_id
        until = time.monotonic() + 15
        while sdk.job.get(waiting).status != "Idle":
            assert time.monotonic() < until
            time.sleep(0.02)
        gate.set()
        check_values(ended(waiting).result)

    def test_the_time_limit_counts_for_all_of_it(self, sdk, outside, ended):
        hanging = outside.put("/hangs-for-timeout.pdf", Answer(hangs=True))
        parsing = {"settings": {"timeout": 0.5}}
        job_id = sdk.extract.run_job(input=hanging, instructions=INSTRUCTIONS, parsing=parsing).job_id
        assert ended(job_id).error.name == "CUSTOMER_TIMEOUT"


def test_a_webhook(sdk, outside, note):
    url = outside.put("/extract-hook", Answer())
    webhook = {"mode": "direct", "url": url}
    job = sdk.extract.run_job(
        input=note, instructions=INSTRUCTIONS, async_={"webhook": webhook, "metadata": {"order": 17}}
    )
    (seen,) = outside.wait_for("/extract-hook", 1)
    assert json.loads(seen.body) == {"status": "Completed", "job_id": job.job_id, "metadata": {"order": 17}}
