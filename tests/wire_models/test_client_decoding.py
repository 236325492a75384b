"""What the builders make is decoded by the published Python client into the classes it promises.

The client is lenient: a body that misses its schema silently becomes another class. So every check names the
class, in the lenient and in the strict mode.
"""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest
import reducto

from recto import errors
from recto.document.result import DocumentProperties
from recto.wire.jobs import job_response, jobs_response, single_job
from recto.wire.masking import raw_config
from recto.wire.parse import full_result, parse_response, url_result, usage_for, write_full_result
from recto.wire.pipeline import pipeline_response
from wire_models.parsed import block, page_info, parsed, table_block, word

MADE = datetime(2026, 11, 24, 12, 30, 5, 123456, tzinfo=UTC)


@pytest.fixture(params=[False, True], ids=["lenient", "strict"])
def answering(request):
    """A client whose every call gets the given body, encoded as the API encodes it."""
    opened = []

    def client(body):
        def answer(call):
            return httpx.Response(200, content=msgspec.json.encode(body), headers=JSON)

        transport = httpx.Client(transport=httpx.MockTransport(answer))
        opened.append(transport)
        return reducto.Reducto(
            api_key="k",
            base_url="http://recto.test",
            http_client=transport,
            _strict_response_validation=request.param,
        )

    yield client
    for one in opened:
        one.close()


JSON = {"content-type": "application/json"}


def rich_result():
    return parsed(
        block("Title", text="Report"),
        table_block(fragments=(table_block(page=1),), row_span=2),
        block("Key Value", page=4, confidence=0.5),
        pages=[page_info(1, 1), page_info(4, 2, route="ocr")],
        words=(word(confidence=0.9, chunk_index=0, rotation=0), word(page=4)),
        lines=(word(),),
    )


def parse_body(job_id="job-1", result=None, **changes):
    parsed_document = result or rich_result()
    given = {
        "job_id": job_id,
        "duration": 1.23456,
        "usage": usage_for(parsed_document),
        "result": full_result(parsed_document),
        "pdf_url": "https://recto.test/files/1",
        "studio_link": None,
    }
    return parse_response(**{**given, **changes})


def test_a_parse(answering):
    body = parse_body(document_properties=DocumentProperties(title="T\ud800"), warnings=["Page 4 was faint."])
    answer = answering(body).parse.run(input="x")
    assert type(answer).__name__ == "ParseResponse"
    assert type(answer.result).__name__ == "ResultFullResult"
    assert [found.type for found in answer.result.chunks[0].blocks] == ["Title", "Table", "Key Value"]
    assert [found.confidence for found in answer.result.chunks[0].blocks] == ["high", "high", "low"]
    last = answer.result.chunks[0].blocks[2]
    assert (last.bbox.page, last.bbox.original_page) == (2, 4)
    assert answer.result.chunks[0].blocks[1].merged_tables[0].content == "Item\tPrice"
    assert [type(entry).__name__ for entry in answer.result.ocr.words] == ["ResultFullResultOcrWord"] * 2
    assert answer.usage.num_pages == 2
    assert answer.usage.credits == 4
    assert answer.document_properties.title == "T\ufffd"
    assert answer.duration == 1.235
    assert answer.to_dict()["warnings"] == ["Page 4 was faint."]


def test_keys_that_may_be_left_out_are_left_out():
    assert not {"document_properties", "warnings"} & parse_body().keys()


def test_a_parse_whose_result_was_written_beforehand(answering, tmp_path):
    path = tmp_path / "result.json"
    with path.open("wb") as file:
        write_full_result(rich_result(), file)
    answer = answering(parse_body(result=None) | {"result": msgspec.Raw(path.read_bytes())}).parse.run(
        input="x"
    )
    assert type(answer).__name__ == "ParseResponse"
    assert answer.to_dict() == answering(parse_body()).parse.run(input="x").to_dict()


def test_a_parse_as_a_link(answering):
    body = parse_body() | {"result": url_result("https://recto.test/files/2", "r-1")}
    answer = answering(body).parse.run(input="x")
    assert type(answer).__name__ == "ParseResponse"
    assert type(answer.result).__name__ == "ResultURLResult"


def test_a_background_parse(answering):
    assert type(answering({"job_id": "j"}).parse.run_job(input="x")).__name__ == "AsyncParseResponse"


def test_a_pipeline_of_one_document(answering):
    answer = answering(pipeline_response("job-2", parse_body())).pipeline.run(input="x", pipeline_id="k")
    assert type(answer).__name__ == "PipelineResponse"
    assert type(answer.result.parse).__name__ == "ParseResponse"
    assert (answer.result.extract, answer.result.split, answer.result.edit) == (None, None, None)
    assert {"parse", "extract", "split", "edit"} == answer.to_dict()["result"].keys()
    assert answer.usage.credits == 4


def test_a_pipeline_of_several_documents(answering):
    body = pipeline_response("job-2", [parse_body("a"), parse_body("b", parsed())])
    answer = answering(body).pipeline.run(input=["x", "y"], pipeline_id="k")
    assert [type(one).__name__ for one in answer.result.parse] == ["ParseResponse"] * 2
    assert [one.job_id for one in answer.result.parse] == ["a", "b"]
    assert (answer.usage.num_pages, answer.usage.credits) == (3, 5)


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("Idle", "Idle"),
        ("Pending", "Pending"),
        ("InProgress", "Pending"),
        ("Completing", "Pending"),
        ("Completed", "Completed"),
        ("Failed", "Failed"),
        ("Cancelled", "Failed"),
    ],
)
def test_a_job_shows_four_of_the_seven_statuses(answering, inside, shown):
    body = job_response(
        "j", inside, "Pipeline", created_at=MADE, result={"response_type": "none"}, progress=0.5
    )
    if inside == "Completed":
        body["result"] = pipeline_response("j", parse_body())
    answer = answering(body).job.get("j")
    assert type(answer).__name__ == "EnhancedAsyncJobResponse"
    assert answer.status == shown
    assert (answer.result is not None) == (inside == "Completed")
    assert (answer.error is not None) == (shown == "Failed")
    assert answer.progress == (1.0 if inside == "Completed" else 0.5)


def test_a_completed_job_holds_the_answer_of_its_kind(answering):
    for kind, result, name in (
        ("Parse", parse_body(), "ParseResponse"),
        ("Pipeline", pipeline_response("j", parse_body()), "PipelineResponse"),
    ):
        body = job_response(
            "j",
            "Completed",
            kind,
            created_at=MADE,
            result=result,
            num_pages=2,
            total_pages=2,
            duration=3.25,
            raw_config=raw_config({"input": "x"}),
            source={"type": "api"},
        )
        answer = answering(body).job.get("j")
        assert type(answer.result).__name__ == name
        assert answer.created_at == MADE
        assert (answer.num_pages, answer.total_pages, answer.duration) == (2, 2, 3.25)
        assert answer.raw_config == '{"input":"x"}'


def test_a_failed_job_says_why(answering):
    body = job_response(
        "j", "Failed", "Parse", created_at=MADE, error=errors.DocumentLocked("Wrong password.")
    )
    answer = answering(body).job.get("j")
    assert answer.reason == "Wrong password."
    assert type(answer.error).__name__ == "ErrorDetail"
    assert answer.error.name == "DOCUMENT_PASSWORD_PROTECTED"
    assert (answer.error.code, answer.error.job_id) == (442, "j")


def test_a_cancelled_job_and_one_without_a_record_name_their_error(answering):
    cancelled = answering(job_response("j", "Cancelled", "Parse", created_at=MADE)).job.get("j")
    assert cancelled.error.name == "JOB_CANCELLED"
    unknown = answering(job_response("j", "Failed", "Parse", created_at=MADE)).job.get("j")
    assert unknown.error.name == "INTERNAL_ERROR"


def test_the_enhanced_keys_are_always_there():
    body = job_response("j", "Idle", "Parse", created_at=MADE)
    assert body.keys() >= {"type", "num_pages", "total_pages", "source", "duration", "raw_config", "bucket"}


def test_the_list_of_jobs(answering):
    jobs = [
        single_job("a", "Cancelled", "Parse", created_at=MADE),
        single_job(
            "b", "InProgress", "Pipeline", created_at=MADE, raw_config="{}", num_pages=1, total_pages=9
        ),
    ]
    answer = answering(jobs_response(jobs, "next")).job.get_all()
    assert type(answer).__name__ == "JobGetAllResponse"
    assert [(job.status, job.raw_config, job.total_pages) for job in answer.jobs] == [
        ("Cancelled", "", None),
        ("InProgress", "{}", 9),
    ]
    assert answer.next_cursor == "next"
    assert answering(jobs_response([])).job.get_all().next_cursor is None
