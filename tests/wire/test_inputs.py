"""Every form of document reference, through the API: what is read, what is reused, what is never reached."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import reducto
import sqlalchemy as sa

from documents.pdfs import REPORT_TITLE, content_pdf, pages_pdf, report_pdf
from documents.serving import Answer
from recto.storage.database import driver_url
from recto.storage.embedded import running_url

NOBODY = "00000000-0000-4000-8000-000000000000"


def text_of(answer):
    return "\n".join(chunk.content for chunk in answer.result.chunks)


def refusal(sdk, status, **call):
    """The error of a call that must fail with this status, in the envelope."""
    with pytest.raises(reducto.APIStatusError) as caught:
        sdk.parse.run(**call)
    assert caught.value.status_code == status, caught.value.body
    assert set(caught.value.body["error"]) == {"code", "name", "message", "type", "job_id"}
    assert caught.value.body["error"]["code"] == status
    return caught.value.body["error"]


class TestUrls:
    def test_a_public_url(self, sdk, outside):
        answer = sdk.parse.run(input=outside.document("/public.pdf", report_pdf()))
        assert REPORT_TITLE in text_of(answer)
        assert len(outside.requests("/public.pdf")) == 1

    def test_a_presigned_url_keeps_its_query_and_needs_no_extension(self, sdk, outside):
        url = outside.document("/bucket/a1b2c3", report_pdf(), "binary/octet-stream")
        query = "X-Amz-Signature=ab%2Fcd%3D&response-content-disposition=x"
        assert REPORT_TITLE in text_of(sdk.parse.run(input=f"{url}?{query}"))
        (seen,) = outside.requests("/bucket/a1b2c3")
        assert seen.query == query
        assert "authorization" not in seen.headers

    def test_a_redirect_is_followed(self, sdk, outside):
        outside.document("/moved/to.pdf", report_pdf())
        url = outside.put("/moved/from", Answer(status=302, headers={"location": "to.pdf"}))
        assert REPORT_TITLE in text_of(sdk.parse.run(input=url))

    def test_no_document_there(self, sdk, outside):
        error = refusal(sdk, 400, input=outside.put("/gone.pdf"))
        assert error["type"] == "file_download_failure"
        assert "404" in error["message"]
        assert len(outside.requests("/gone.pdf")) == 1

    def test_a_signature_is_not_repeated_in_messages(self, sdk, outside):
        error = refusal(sdk, 400, input=outside.url("/missing.pdf?sig=hunter2"))
        assert "hunter2" not in error["message"]


class TestUploads:
    def test_a_reference(self, sdk, report):
        assert REPORT_TITLE in text_of(sdk.parse.run(input=report))

    def test_the_answer_of_an_upload(self, sdk):
        upload = sdk.upload(file=("r.pdf", report_pdf()))
        assert REPORT_TITLE in text_of(sdk.parse.run(input=upload))

    def test_a_list_of_one(self, sdk, report):
        assert REPORT_TITLE in text_of(sdk.parse.run(input=[report]))

    def test_the_bytes_count_more_than_the_name(self, sdk):
        upload = sdk.upload(file=("really-a-pdf.txt", report_pdf()))
        answer = sdk.parse.run(input=upload)
        assert answer.usage.num_pages == 2

    def test_force_file_extension_counts_more_than_the_bytes(self, sdk, report):
        error = refusal(sdk, 415, input=report, settings={"force_file_extension": ".png"})
        assert error["name"] in {"DOCUMENT_CORRUPT", "DOCUMENT_UNSUPPORTED"}

    def test_an_unknown_upload(self, sdk):
        assert refusal(sdk, 404, input=f"reducto://{NOBODY}.pdf")["name"] == "NOT_FOUND"


class TestEarlierJobs:
    def test_a_parse_is_reused(self, sdk, http, server, outside):
        url = outside.document("/once.pdf", report_pdf())
        first = sdk.parse.run(input=url)
        again = sdk.parse.run(input=f"jobid://{first.job_id}")
        assert again.job_id != first.job_id
        assert again.result == first.result
        assert again.usage.num_pages == first.usage.num_pages
        assert len(outside.requests("/once.pdf")) == 1
        assert units_of(server, again.job_id) == ["intake"]

    def test_a_parse_that_still_runs_is_waited_for(self, sdk, outside):
        go = outside.hold("/held.pdf", report_pdf())
        first = sdk.parse.run_job(input=outside.url("/held.pdf")).job_id
        outside.wait_for("/held.pdf", 1)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(sdk.parse.run, input=f"jobid://{first}")
            waiting_id = sdk.job.get_all(limit=1).jobs[0].job_id
            while waiting_id == first or sdk.job.get(waiting_id).status != "Idle":
                waiting_id = sdk.job.get_all(limit=1).jobs[0].job_id
            go.set()
            answer = waiting.result(20)
        assert answer.result == sdk.job.get(first).result.result

    def test_a_pipeline_with_one_parse_stands_for_it(self, sdk, report, pipeline_id):
        pipeline = sdk.pipeline.run(input=report, pipeline_id=pipeline_id)
        again = sdk.parse.run(input=f"jobid://{pipeline.job_id}")
        assert again.result == pipeline.result.parse.result

    def test_a_pipeline_takes_an_earlier_parse(self, sdk, report, pipeline_id):
        first = sdk.parse.run(input=report)
        answer = sdk.pipeline.run(input=f"jobid://{first.job_id}", pipeline_id=pipeline_id)
        assert answer.result.parse.result == first.result

    def test_an_unknown_job(self, sdk):
        assert refusal(sdk, 404, input=f"jobid://{NOBODY}")["name"] == "NOT_FOUND"

    def test_a_failed_job(self, sdk):
        job_id = refusal(sdk, 422, input=sdk.upload(file=("e.pdf", b"")))["job_id"]
        error = refusal(sdk, 422, input=f"jobid://{job_id}")
        assert error["name"] == "INVALID_CONFIG"
        assert "Failed" in error["message"]

    def test_a_deleted_job(self, sdk, report):
        job_id = sdk.parse.run(input=report).job_id
        sdk.job.delete(job_id)
        assert refusal(sdk, 404, input=f"jobid://{job_id}")["name"] == "NOT_FOUND"


class TestSeveralDocuments:
    def test_a_pipeline_answers_in_the_order_of_the_input(self, sdk, http, outside, pipeline_id):
        words = [f"document{letter}" for letter in "abc"]
        documents = [content_pdf(f"BT /F1 24 Tf 72 700 Td ({word}) Tj ET") for word in words]
        urls = [outside.document(f"/{word}.pdf", pdf) for word, pdf in zip(words, documents, strict=True)]
        answer = sdk.pipeline.run(input=[urls[2], urls[0], urls[1]], pipeline_id=pipeline_id)
        assert [type(parse).__name__ for parse in answer.result.parse] == ["ParseResponse"] * 3
        found = [text_of(parse).strip("# \n") for parse in answer.result.parse]
        assert found == ["documentc", "documenta", "documentb"]
        assert answer.usage.num_pages == 3

    def test_a_list_of_one_is_answered_by_a_list(self, sdk, report, pipeline_id):
        answer = sdk.pipeline.run(input=[report], pipeline_id=pipeline_id)
        assert [type(parse).__name__ for parse in answer.result.parse] == ["ParseResponse"]

    def test_one_bad_document_fails_the_job_and_is_named(self, sdk, outside, report, pipeline_id, ended):
        bad = outside.put("/bad-of-two.pdf")
        job = ended(sdk.pipeline.run_job(input=[report, bad], pipeline_id=pipeline_id).job_id)
        assert job.status == "Failed"
        assert job.reason.startswith("Document 2 of 2: ")
        assert job.error.code == 400

    def test_an_empty_list(self, sdk, pipeline_id):
        with pytest.raises(reducto.UnprocessableEntityError, match="empty list"):
            sdk.pipeline.run(input=[], pipeline_id=pipeline_id)

    def test_a_parse_takes_only_one(self, sdk, report):
        with pytest.raises(reducto.UnprocessableEntityError) as caught:
            sdk.parse.run(input=[report, report])
        assert caught.value.body["detail"][0]["loc"] == ["body", "input"]


class TestForbiddenAddresses:
    """127.0.0.1 is allowed to the test server, so that the tests can serve documents; nothing else is."""

    @pytest.mark.parametrize(
        "url",
        [
            "http://[::ffff:127.0.0.1]:{port}/secret.pdf",
            "http://[::1]:{port}/secret.pdf",
            "http://[64:ff9b::7f00:1]:{port}/secret.pdf",
            "http://127.0.0.2:{port}/secret.pdf",
            "http://2130706434:{port}/secret.pdf",
            "http://0x7f000002:{port}/secret.pdf",
            "http://0.0.0.0:{port}/secret.pdf",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/a.pdf",
            "http://192.168.1.1/a.pdf",
            "http://[fd00::1]/a.pdf",
        ],
    )
    def test_an_inner_address_however_it_is_written(self, sdk, outside, url):
        outside.document("/secret.pdf", report_pdf())
        before = len(outside.requests("/secret.pdf"))
        error = refusal(sdk, 403, input=url.format(port=outside.port))
        assert error["name"] == "URL_NOT_ALLOWED"
        assert len(outside.requests("/secret.pdf")) == before

    def test_octal_notation_is_no_address_at_all(self, sdk, outside):
        error = refusal(sdk, 400, input=f"http://0177.0.0.2:{outside.port}/octal.pdf")
        assert error["type"] == "file_download_failure"
        assert not outside.requests("/octal.pdf")

    def test_a_redirect_to_an_inner_address(self, sdk, outside):
        outside.document("/secret.pdf", report_pdf())
        before = len(outside.requests("/secret.pdf"))
        target = outside.url("/secret.pdf", host="127.0.0.2")
        url = outside.put("/leads-inside", Answer(status=302, headers={"location": target}))
        assert refusal(sdk, 403, input=url)["name"] == "URL_NOT_ALLOWED"
        assert len(outside.requests("/secret.pdf")) == before

    def test_a_redirect_to_a_file(self, sdk, outside):
        url = outside.put("/leads-to-file", Answer(status=302, headers={"location": "file:///etc/passwd"}))
        error = refusal(sdk, 403, input=url)
        assert "root:" not in json.dumps(error)

    @pytest.mark.parametrize(
        ("reference", "word"),
        [
            ("file:///etc/passwd", "/upload"),
            ("/etc/passwd", "/upload"),
            ("C:\\secret.pdf", "/upload"),
            ("s3://bucket/key.pdf", "presigned"),
            ("ftp://host/a.pdf", "ftp:"),
            ("gopher://host/", "gopher:"),
            ("data:application/pdf;base64,AA==", "data:"),
            ("", "empty"),
            ("http://", "no host"),
            ("reducto://nonsense", "upload reference"),
            ("jobid://nonsense", "job reference"),
        ],
    )
    def test_other_references_say_what_is_accepted(self, sdk, reference, word):
        error = refusal(sdk, 422, input=reference)
        assert (error["name"], error["job_id"]) == ("INVALID_CONFIG", None)
        assert word in error["message"]

    def test_a_text_that_cannot_be_a_url_is_refused_as_one(self, http):
        answer = http.post("/parse", json={"input": "http://127.0.0.1/\0"})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "input"]


def units_of(server, job_id):
    """The kinds of work a job took, from the server's own database: nothing but intake is no second parse."""
    engine = sa.create_engine(driver_url(running_url(server.data_dir)))
    try:
        with engine.connect() as connection:
            query = sa.text("SELECT kind FROM unit WHERE job_id = :id ORDER BY id")
            return list(connection.scalars(query, {"id": uuid.UUID(job_id)}))
    finally:
        engine.dispose()


def test_a_signed_url_of_an_upload_is_for_one_method_only(sdk):
    url = sdk.upload().presigned_url
    assert httpx.get(url).status_code == 404
    assert httpx.put(url[:-2], content=pages_pdf(1)).status_code == 404
