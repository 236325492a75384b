"""How jobs end: what a client sees of each kind of result, of each kind of failure, and of a timeout.

Every failure is looked at twice: as the answer of a call that waits and as the job in the background.
"""

import threading
import time

import httpx
import pytest
import reducto
from reducto.lib.citations import CitationFinder
from reducto.lib.helpers import handle_url_response

from documents.images import claimed_png, text_png, tiny_png
from documents.pdfs import (
    REPORT_TABLE,
    REPORT_TITLE,
    blank_pages_pdf,
    empty_pdf,
    locked_pdf,
    pages_pdf,
    report_pdf,
    truncated_pdf,
)
from documents.serving import Answer

DOWNLOADS = 6  # at a time, in one worker, for calls that nobody waits for

BAD_DOCUMENTS = {
    "no bytes": ("a.pdf", b"", 422, "DOCUMENT_EMPTY"),
    "no pages": ("a.pdf", empty_pdf(), 422, "DOCUMENT_EMPTY"),
    "no document": ("a.bin", b"\x7fELF\x02\x01\x01" + bytes(200), 415, "DOCUMENT_UNSUPPORTED"),
    "an archive called a PDF": ("a.pdf", b"PK\x03\x04" + bytes(200), 415, "DOCUMENT_UNSUPPORTED"),
    "cut off at its start": ("a.pdf", truncated_pdf(0.05), 415, "DOCUMENT_CORRUPT"),
    "a picture cut off": ("a.png", text_png(("x",), 72)[:40], 415, "DOCUMENT_CORRUPT"),
    "too many pages": ("a.pdf", blank_pages_pdf(10_001), 413, "DOCUMENT_TOO_LARGE"),
    "60 megapixels": ("a.png", claimed_png(10_000, 6_000), 413, "IMAGE_TOO_LARGE"),
    "too few pixels": ("a.png", tiny_png(), 422, "IMAGE_TOO_SMALL"),
    "locked": ("a.pdf", locked_pdf(), 442, "DOCUMENT_PASSWORD_PROTECTED"),
}


class TestFailed:
    @pytest.mark.parametrize("case", BAD_DOCUMENTS)
    def test_a_bad_document(self, sdk, ended, case):
        name, content, status, error_name = BAD_DOCUMENTS[case]
        upload = sdk.upload(file=(name, content))
        background = sdk.parse.run_job(input=upload).job_id
        with pytest.raises(reducto.APIStatusError) as caught:
            sdk.parse.run(input=upload)
        error = caught.value.body["error"]
        assert (caught.value.status_code, error["code"], error["name"]) == (status, status, error_name)
        assert error["type"] == error_name.lower()
        assert caught.value.response.headers["x-should-retry"] == "false"
        assert sdk.job.get(error["job_id"]).status == "Failed"
        job = ended(background)
        assert (job.status, job.result, job.reason) == ("Failed", None, error["message"])
        assert (job.error.code, job.error.name, job.error.job_id) == (status, error_name, background)

    def test_the_server_is_well_afterwards(self, sdk, http):
        self.test_a_bad_document(sdk, lambda job_id: ended_now(sdk, job_id), "cut off at its start")
        assert http.get("/ready").status_code == 200
        assert sdk.parse.run(input=sdk.upload(file=("r.pdf", report_pdf()))).usage.num_pages == 2

    def test_a_document_cut_off_in_its_middle_keeps_what_can_be_saved(self, sdk):
        upload = sdk.upload(file=("t.pdf", truncated_pdf()))
        answer = sdk.parse.run(input=upload)
        assert REPORT_TITLE in answer.result.chunks[0].content
        assert answer.warnings  # type: ignore[attr-defined]


def ended_now(sdk, job_id):
    for _ in range(500):
        job = sdk.job.get(job_id)
        if job.status in {"Completed", "Failed"}:
            return job
        time.sleep(0.03)
    raise AssertionError(f"job {job_id} did not end")


class TestPasswords:
    def test_the_right_one_opens_a_parse(self, sdk):
        upload = sdk.upload(file=("l.pdf", locked_pdf("s3cret")))
        answer = sdk.parse.run(input=upload, settings={"document_password": "s3cret"})
        assert answer.usage.num_pages == 1
        assert "s3cret" not in sdk.job.get(answer.job_id).raw_config

    def test_the_right_one_opens_a_pipeline(self, sdk, pipeline_id, ended):
        upload = sdk.upload(file=("l.pdf", locked_pdf("s3cret")))
        settings = {"document_password": "s3cret"}
        job = ended(sdk.pipeline.run_job(input=upload, pipeline_id=pipeline_id, settings=settings).job_id)
        assert job.status == "Completed"
        assert "s3cret" not in job.raw_config
        assert "s3cret" not in sdk.job.get(job.result.result.parse.job_id).raw_config

    @pytest.mark.parametrize("settings", [{}, {"document_password": "wrong"}, {"document_password": None}])
    def test_a_wrong_one_or_none(self, sdk, pipeline_id, ended, settings):
        upload = sdk.upload(file=("l.pdf", locked_pdf("s3cret")))
        with pytest.raises(reducto.APIStatusError) as caught:
            sdk.pipeline.run(input=upload, pipeline_id=pipeline_id, settings=settings)
        assert caught.value.status_code == 442
        assert caught.value.body["error"]["name"] == "DOCUMENT_PASSWORD_PROTECTED"
        job = ended(sdk.pipeline.run_job(input=upload, pipeline_id=pipeline_id, settings=settings).job_id)
        assert (job.status, job.error.name, job.error.code) == (
            "Failed",
            "DOCUMENT_PASSWORD_PROTECTED",
            442,
        )


class TestCompleted:
    def test_a_result_behind_a_url(self, sdk, report):
        inline = sdk.parse.run(input=report)
        answer = sdk.parse.run(input=report, settings={"force_url_result": True})
        assert type(answer).__name__ == "ParseResponse"
        assert type(answer.result).__name__ == "ResultURLResult"
        assert answer.result.result_id
        full = handle_url_response(answer)  # the vendor's helper: sends no key
        assert full.result == inline.result
        shown = sdk.job.get(answer.job_id).result
        assert type(shown.result).__name__ == "ResultURLResult"
        assert httpx.get(shown.result.url).json() == full.result.model_dump(mode="json", exclude_unset=True)

    def test_words_can_be_cited(self, sdk, report):
        answer = sdk.parse.run(input=report, settings={"return_ocr_data": True})
        assert answer.result.ocr.words
        assert answer.result.ocr.lines
        finder = CitationFinder(answer)
        (citation,) = finder.cite(REPORT_TITLE)
        assert citation.page == 1
        assert all(0 <= box.left < box.left + box.width <= 1 for box in citation.bboxes)
        assert finder.cite("words that stand nowhere") == []

    def test_words_on_a_page_without_blocks_do_not_break_citing(self, sdk):
        pages = sdk.upload(file=("b.pdf", blank_pages_pdf(2)))
        answer = sdk.parse.run(input=pages, settings={"return_ocr_data": True})
        assert CitationFinder(answer).cite("x") == []

    def test_a_table_has_the_cells_of_the_document(self, sdk, report):
        answer = sdk.parse.run(input=report, formatting={"table_output_format": "html"})
        tables = [block for block in answer.result.chunks[0].blocks if block.type == "Table"]
        assert len(tables) == 1
        assert all(cell in tables[0].content for row in REPORT_TABLE for cell in row)

    def test_unknown_settings_are_named_in_a_warning(self, http, report):
        body = {"input": report, "settings": {"alpha": {"x": 1}, "return_ocr_dta": True}}
        answer = http.post("/parse", json=body)
        assert answer.status_code == 200
        assert any("return_ocr_data" in warning for warning in answer.json()["warnings"])


PAGE_RANGES = {
    "a range": ({"start": 2, "end": 4}, [2, 3, 4]),
    "an open range": ({"start": 5}, [5, 6]),
    "an end beyond": ({"start": 5, "end": 99}, [5, 6]),
    "ranges, unordered and overlapping": (
        [{"start": 5, "end": 6}, {"start": 1, "end": 1}, {"start": 6}],
        [1, 5, 6],
    ),
    "page numbers": ([4, 2, 4], [2, 4]),
    "null": (None, [1, 2, 3, 4, 5, 6]),
    "an empty object": ({}, [1, 2, 3, 4, 5, 6]),
}


class TestPageRanges:
    @pytest.fixture(scope="class")
    def six_pages(self, sdk):
        return sdk.upload(file=("six.pdf", pages_pdf(6))).file_id

    @pytest.mark.parametrize("form", PAGE_RANGES)
    def test_a_form(self, sdk, six_pages, form):
        selection, wanted = PAGE_RANGES[form]
        answer = sdk.parse.run(input=six_pages, settings={"page_range": selection, "return_ocr_data": True})
        blocks = [block for chunk in answer.result.chunks for block in chunk.blocks]
        boxes = [block.bbox for block in blocks]
        assert sorted({box.original_page for box in boxes}) == wanted
        assert {box.page: box.original_page for box in boxes} == dict(enumerate(wanted, 1))
        assert {(word.bbox.page, word.bbox.original_page) for word in answer.result.ocr.words} == set(
            enumerate(wanted, 1)
        )
        assert answer.usage.num_pages == len(wanted)

    def test_a_start_beyond_the_document(self, sdk, six_pages):
        with pytest.raises(reducto.BadRequestError, match="begins at page 7; the document has 6 pages"):
            sdk.parse.run(input=six_pages, settings={"page_range": {"start": 7}})

    def test_sheet_names(self, sdk, six_pages):
        with pytest.raises(reducto.UnprocessableEntityError, match="only spreadsheets have sheets"):
            sdk.parse.run(input=six_pages, settings={"page_range": ["Sheet1"]})

    @pytest.mark.parametrize("selection", [{"start": 0}, {"start": 3, "end": 2}, [-1], "1-2", 3])
    def test_what_is_no_range(self, http, six_pages, selection):
        answer = http.post("/parse", json={"input": six_pages, "settings": {"page_range": selection}})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][:3] == ["body", "settings", "page_range"]


class TestTimeouts:
    def test_a_job_that_takes_longer_than_its_own_timeout(self, sdk, outside):
        url = outside.put("/hangs-for-timeout.pdf", Answer(hangs=True))
        with pytest.raises(reducto.UnprocessableEntityError) as caught:
            sdk.parse.run(input=url, settings={"timeout": 0.2})
        error = caught.value.body["error"]
        assert error["name"] == "CUSTOMER_TIMEOUT"
        assert "0.2 s" in error["message"]
        job = sdk.job.get(error["job_id"])
        assert (job.status, job.error.name) == ("Failed", "CUSTOMER_TIMEOUT")

    def test_a_quick_job_keeps_to_its_timeout(self, sdk, report):
        assert sdk.parse.run(input=report, settings={"timeout": 60}).usage.num_pages == 2

    def test_a_timeout_that_no_work_could_keep(self, sdk, report):
        with pytest.raises(reducto.UnprocessableEntityError) as caught:
            sdk.parse.run(input=report, settings={"timeout": 0.001})
        assert caught.value.body["error"]["name"] == "CUSTOMER_TIMEOUT"


class TestCancelled:
    def test_a_pipeline_with_all_its_parses(self, sdk, outside, pipeline_id, ended):
        urls = [outside.put(f"/hangs-{number}.pdf", Answer(hangs=True)) for number in range(2)]
        job_id = sdk.pipeline.run_job(input=urls, pipeline_id=pipeline_id).job_id
        for number in range(2):
            outside.wait_for(f"/hangs-{number}.pdf", 1)
        started = time.monotonic()
        sdk.job.cancel(job_id)
        assert time.monotonic() - started < 2
        job = ended(job_id)
        assert (job.status, job.error.name) == ("Failed", "JOB_CANCELLED")
        statuses = {one.job_id: one.status for one in sdk.job.get_all(limit=3).jobs}
        assert statuses[job_id] == "Cancelled"
        assert set(statuses.values()) == {"Cancelled"}

    def test_a_call_that_waits_hears_of_it(self, sdk, outside):
        url = outside.put("/hangs-for-waiter.pdf", Answer(hangs=True))
        caught = []

        def call():
            try:
                sdk.parse.run(input=url)
            except reducto.APIStatusError as error:
                caught.append(error)

        waiting = threading.Thread(target=call)
        waiting.start()
        outside.wait_for("/hangs-for-waiter.pdf", 1)
        newest = sdk.job.get_all(limit=1).jobs[0]
        sdk.job.cancel(newest.job_id)
        waiting.join(10)
        assert not waiting.is_alive()
        assert (caught[0].status_code, caught[0].body["error"]["name"]) == (409, "JOB_CANCELLED")
        assert caught[0].body["error"]["job_id"] == newest.job_id


class TestLanes:
    def test_beyond_the_budget_a_priority_job_is_an_ordinary_one(self, sdk, http, outside):
        url = outside.put("/hangs-for-lanes.pdf", Answer(hangs=True))
        made = [sdk.parse.run_job(input=url, async_={"priority": True}).job_id for _ in range(6)]
        ordinary = sdk.parse.run_job(input=url).job_id
        batch = sdk.parse.run_job(input=url, queue_priority="batch").job_id
        lanes = [http.get(f"/job/{job_id}").json()["lane"] for job_id in (*made, ordinary, batch)]
        assert lanes == ["priority"] * 5 + ["async", "async", "batch"]
        sdk.job.cancel(made[0])
        again = sdk.parse.run_job(input=url, async_={"priority": True}).job_id
        assert http.get(f"/job/{again}").json()["lane"] == "priority"
        for job_id in (*made[1:], ordinary, batch, again):
            sdk.job.cancel(job_id)


def test_ended_jobs_leave_the_server_s_downloads_to_others(sdk, outside, report):
    """More silent hosts than a worker downloads at a time: once their jobs have ended, nobody waits for them."""
    url = outside.put("/silent.pdf", Answer(hangs=True))
    for _ in range(DOWNLOADS):  # ended at any moment, before and while its download begins
        sdk.job.cancel(sdk.parse.run_job(input=url).job_id)
    silent = [sdk.parse.run_job(input=url).job_id for _ in range(DOWNLOADS + 2)]
    try:
        outside.wait_for("/silent.pdf", DOWNLOADS)
    finally:
        for job_id in silent:
            sdk.job.cancel(job_id)
    started = time.monotonic()
    assert sdk.parse.run(input=report, timeout=20).usage.num_pages == 2
    assert time.monotonic() - started < 10
