"""What one call may cost: bodies that are too long, too deep or too many, and clients that go away."""

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from api.calls import ended
from documents.pdfs import odd_properties_pdf, pages_pdf
from documents.serving import Answer, World, world

SHORT_ANSWER = 60_000  # characters
QUICK_S = 3.0  # for an answer to the worst body, on a busy machine


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture(scope="module")
def http(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(http):
    return http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]


def nested(levels):
    """JSON text of lists in lists."""
    return "[" * levels + "]" * levels


class TestBodies:
    def test_a_long_one_is_sent_to_the_upload(self, http, upload):
        body = {"input": upload, "async": {"metadata": "m" * 2_100_000}}
        answer = http.post("/parse_async", json=body)
        assert answer.status_code == 413
        assert "/upload" in answer.json()["error"]["message"]

    @pytest.mark.parametrize("levels", [120, 900])
    @pytest.mark.parametrize("path", ["/parse", "/parse_async", "/pipeline", "/recto/v1/pipelines"])
    def test_a_deep_one_is_refused(self, http, upload, path, levels):
        content = f'{{"input": "{upload}", "pipeline_id": "k", "async": {{"metadata": {nested(levels)}}}}}'
        answer = http.post(path, content=content)
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"][0]["type"] == "nested_too_deep"

    def test_one_of_ninety_levels_is_taken(self, http, upload):
        content = f'{{"input": "{upload}", "async": {{"metadata": {nested(90)}}}}}'
        answer = http.post("/parse_async", content=content)
        assert answer.status_code == 200, answer.text
        job = ended(http, answer.json()["job_id"])
        assert json.loads(job["raw_config"])["async"]["metadata"] == json.loads(nested(90))

    def test_one_of_too_many_values_is_refused(self, http, upload):
        body = {"input": upload, "async": {"metadata": [0] * 200_000}}
        answer = http.post("/parse_async", json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["type"] == "too_many_values"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"input": ["x" * 1_900_000, 3]},
            {"input": "reducto://x", "settings": {"timeout": ["x" * 1000] * 1500}},
            {"input": "reducto://x", "settings": {"page_range": [{"start": "x"}] * 30_000}},
            {"input": {"y" * 100_000: "x" * 1_000_000}},
        ],
    )
    def test_a_wrong_one_is_not_repeated_whole(self, http, wrong):
        began = time.monotonic()
        answer = http.post("/parse", json=wrong)
        assert time.monotonic() - began < QUICK_S
        assert answer.status_code == 422
        assert len(answer.text) < SHORT_ANSWER

    def test_many_unknown_settings_become_few_warnings(self, http, upload):
        unknown = {f"unknown_setting_{number}": 0 for number in range(50_000)}
        began = time.monotonic()
        answer = http.post("/parse_async", json={"input": upload, **unknown, "v" * 10_000: 1})
        assert time.monotonic() - began < QUICK_S
        assert answer.status_code == 200, answer.text
        warnings = ended(http, answer.json()["job_id"])["result"]["warnings"]
        assert "unknown_setting_0" in warnings[0]
        assert any("49981 more" in warning for warning in warnings)
        assert len(warnings) < 30

    def test_long_metadata_is_left_out_of_the_shown_request(self, http, upload):
        body = {"input": upload, "async": {"metadata": "m" * 500_000}}
        job = ended(http, http.post("/parse_async", json=body).json()["job_id"])
        assert len(job["raw_config"]) < 500
        assert "500002 characters" in job["raw_config"]


class TestRawUploads:
    @pytest.mark.parametrize(
        ("extension", "kind", "ends"),
        [
            ("pdf", None, ".pdf"),
            (".PDF", "application/octet-stream", ".pdf"),
            (None, "application/pdf", ".pdf"),
            (None, "image/png; x=1", ".png"),
            (None, "application/octet-stream", ""),
            ("pdf", "application/x-www-form-urlencoded", ".pdf"),
        ],
    )
    def test_bytes_without_a_form_are_the_file(self, http, extension, kind, ends):
        params = {"extension": extension} if extension else {}
        headers = {"content-type": kind} if kind else {}
        answer = http.post("/upload", params=params, headers=headers, content=pages_pdf(2))
        assert answer.status_code == 200, answer.text
        assert answer.json()["presigned_url"] is None
        file_id = answer.json()["file_id"]
        assert file_id.split("/")[-1][36:] == ends
        parsed = http.post("/parse", json={"input": file_id})
        assert parsed.json()["usage"]["num_pages"] == 2

    def test_a_form_without_a_file_asks_for_a_url(self, http):
        answer = http.post("/upload", data={"extension": "pdf"})
        assert answer.json()["presigned_url"]

    @pytest.mark.parametrize("announced", [True, False])
    def test_too_many_bytes_are_refused(self, http, announced):
        piece, count = bytes(1024 * 1024), 101
        content = piece * count if announced else (piece for _ in range(count))
        answer = http.post("/upload", params={"extension": "pdf"}, content=content)
        assert answer.status_code == 413
        assert "presigned_url" in answer.json()["error"]["message"] or not announced


class TestClientsThatGoAway:
    @pytest.mark.parametrize("way", ["json", "form", "raw", "presigned"])
    def test_is_no_error_of_ours(self, http, server, way):
        token = ""
        path, kind = {"json": ("/parse", "application/json"), "raw": ("/upload", "application/pdf")}.get(
            way, ("/upload", "multipart/form-data; boundary=x")
        )
        method = "POST"
        if way == "presigned":
            url = http.post("/upload", params={"extension": "pdf"}).json()["presigned_url"]
            method, path, token = "PUT", url.removeprefix(server.url), url.rsplit("/", 1)[-1]
        said = server.log.stat().st_size
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            head = (
                f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.key}\r\n"
                f"content-type: {kind}\r\ncontent-length: 5000\r\n\r\n"
            )
            client.sendall(head.encode() + (b"--x\r\n" if way == "form" else b'{"input": '))
            time.sleep(0.3)
        time.sleep(0.3)
        assert http.get("/health").status_code == 200
        words = server.log.read_text()[said:]
        assert "went away" in words
        assert "unforeseen" not in words
        assert "Traceback" not in words
        assert not token or token not in words


class TestDocuments:
    def test_odd_document_properties_can_be_stored(self, http):
        given = http.post("/upload", files={"file": ("odd.pdf", odd_properties_pdf())}).json()
        body = {"input": given, "settings": {"return_document_properties": True}}
        answer = http.post("/parse", json=body)
        assert answer.status_code == 200, answer.text

    def test_a_host_that_fails_for_a_moment_is_asked_again(self, http, outside):
        pdf = Answer(pages_pdf(1), headers={"content-type": "application/pdf"})
        url = outside.put("/busy.pdf", Answer(status=503), pdf)
        answer = http.post("/parse", json={"input": url})
        assert answer.status_code == 200, answer.text
        first, second = outside.requests("/busy.pdf")
        assert second.at - first.at >= 1

    def test_a_host_that_keeps_failing_ends_the_job(self, http, outside):
        url = outside.put("/down.pdf", Answer(status=503))
        answer = http.post("/parse", json={"input": url})
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert (error["type"], error["name"]) == ("file_download_failure", "PROCESSING_FAILED")
        assert "503" in error["message"]
        assert len(outside.requests("/down.pdf")) == 2
