"""Bodies and addresses that mean nothing: a clear error in one of two forms, and never a trace of the inside.

Schema errors are {"detail": [...]}, all others {"error": {...}} (contract 12.1).
"""

import json
from collections.abc import Iterator

import httpx
import pytest

from api.calls import ended
from conftest import KEY
from documents.pdfs import pages_pdf
from recto.wire.problems import ErrorCode

PIECE = bytes(1024 * 1024)
UPLOAD_LIMIT = 100 * 1024 * 1024
INSIDE = ("Traceback", "site-packages", "recto.", ".py", "sqlalchemy", "psycopg", "pydantic")


@pytest.fixture(scope="module")
def http(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(http):
    return http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]


def envelope(answer, status, name):
    """The error of an answer that must have this status and name."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert not any(word in answer.text for word in INSIDE)
    error = answer.json()["error"]
    assert set(error) == {"code", "name", "message", "type", "job_id"}
    assert (error["code"], error["name"]) == (status, name)
    assert error["name"] in set(ErrorCode)
    assert error["message"][0].isupper() or not error["message"][0].isalpha()
    return error


def faults(answer):
    """The faults of a body that does not fit its schema."""
    assert answer.status_code == 422, answer.text
    assert not any(word in answer.text for word in INSIDE)
    (key,) = answer.json()
    assert key == "detail"
    for fault in answer.json()["detail"]:
        assert {"type", "loc", "msg"} <= set(fault)
    return answer.json()["detail"]


class TestBodies:
    @pytest.mark.parametrize("path", ["/parse", "/parse_async", "/pipeline", "/pipeline_async"])
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"3",
            b'"text"',
            b"{",
            b"\xff",
            b"[" * 100_000,
            b'{"input": NaN}',
            b'{"a": 1e999}',
        ],
    )
    def test_what_is_no_object(self, http, path, body):
        assert faults(http.post(path, content=body))[0]["loc"] == ["body"]

    def test_the_kind_of_content_does_not_matter(self, http, upload):
        body = json.dumps({"input": upload})
        answer = http.post("/parse_async", content=body, headers={"content-type": "text/plain"})
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("body", "at"),
        [
            ({}, ["body", "input"]),
            ({"input": None}, ["body", "input"]),
            ({"input": 3}, ["body", "input"]),
            ({"input": {"file": "x"}}, ["body", "input"]),
            ({"input": "http://a/\ud800"}, ["body", "input"]),
            ({"input": "a", "settings": 3}, ["body", "settings"]),
            ({"input": "a", "settings": {"timeout": "soon"}}, ["body", "settings", "timeout"]),
            (
                {"input": "a", "retrieval": {"chunking": {"chunk_mode": "words"}}},
                ["body", "retrieval", "chunking"],
            ),
            ({"input": "a", "document_url": "b"}, ["body"]),
        ],
    )
    def test_where_a_parse_is_wrong(self, http, body, at):
        content = json.dumps(body)
        assert faults(http.post("/parse", content=content))[0]["loc"][: len(at)] == at

    @pytest.mark.parametrize(
        ("body", "at"),
        [
            ({"pipeline_id": "k"}, ["body", "input"]),
            ({"input": "a"}, ["body", "pipeline_id"]),
            (
                {"input": "a", "pipeline_id": "k", "settings": {"page_range": [1]}},
                ["body", "settings", "page_range"],
            ),
            ({"input": "a", "pipeline_id": "k", "settings": {"document_password": 1}}, ["body", "settings"]),
            (
                {"input": "a", "pipeline_id": "k", "async": {"priority": "very"}},
                ["body", "async", "priority"],
            ),
            (
                {"input": "a", "pipeline_id": "k", "async": {"webhook": {"mode": "direct"}}},
                ["body", "async", "webhook"],
            ),
            (
                {"input": "a", "pipeline_id": "k", "async": {"webhook": {"mode": "fax"}}},
                ["body", "async", "webhook"],
            ),
        ],
    )
    def test_where_a_pipeline_call_is_wrong(self, http, body, at):
        assert faults(http.post("/pipeline_async", json=body))[0]["loc"][: len(at)] == at

    def test_a_wrong_password_s_text_is_not_sent_back(self, http):
        body = {"input": "a", "pipeline_id": "k", "settings": {"document_password": "s3cret", "other": 1}}
        answer = http.post("/pipeline_async", json=body)
        assert faults(answer)
        assert "s3cret" not in answer.text

    def test_a_body_without_end(self, http):
        answer = http.post("/parse", content=b'{"input": "' + b"a" * 17 * 1024 * 1024 + b'"}')
        envelope(answer, 413, "DOCUMENT_TOO_LARGE")


class TestAddresses:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/job/00000000-0000-4000-8000-000000000000"),
            ("GET", "/job/nonsense"),
            ("GET", "/job/%00"),
            ("DELETE", "/job/nonsense"),
            ("POST", "/cancel/nonsense"),
            ("POST", "/cancel/00000000-0000-4000-8000-000000000000"),
            ("DELETE", "/upload/nonsense"),
            ("DELETE", "/upload/reducto:%2F%2F00000000-0000-4000-8000-000000000000.pdf"),
            ("GET", "/recto/v1/objects/nonsense"),
            ("PUT", "/recto/v1/objects/nonsense"),
            ("GET", "/no/such/path"),
        ],
    )
    def test_nothing_there(self, http, method, path):
        envelope(http.request(method, path), 404, "NOT_FOUND")

    def test_an_unknown_pipeline(self, http, upload):
        for path in ("/pipeline", "/pipeline_async"):
            before = http.get("/jobs?limit=1").json()["jobs"]
            envelope(http.post(path, json={"input": upload, "pipeline_id": "k" * 32}), 404, "NOT_FOUND")
            assert http.get("/jobs?limit=1").json()["jobs"] == before

    def test_a_wrong_method(self, http):
        answer = http.get("/parse")
        assert answer.status_code == 405
        assert "GET /parse" in answer.json()["error"]["message"]

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=501", "limit=-1", "limit=many", "exclude_configs=perhaps"]
    )
    def test_a_listing_out_of_bounds(self, http, query):
        assert faults(http.get(f"/jobs?{query}"))[0]["loc"] == ["query", query.split("=")[0]]

    def test_a_cursor_of_one_s_own(self, http):
        envelope(http.get("/jobs?cursor=bm90IHNpZ25lZA"), 422, "INVALID_CONFIG")


class TestKeys:
    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer recto_wrong", "Basic cmVjdG86cmVjdG8=", KEY],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/parse"),
            ("POST", "/pipeline_async"),
            ("GET", "/jobs"),
            ("POST", "/upload"),
            ("POST", "/extract"),
            ("POST", "/configure_webhook"),
            ("GET", "/recto/v1/pipelines"),
        ],
    )
    def test_without_a_valid_one(self, server, header, method, path):
        headers = {} if header is None else {"authorization": header}
        answer = httpx.request(method, server.url + path, headers=headers)
        envelope(answer, 401, "AUTH_ERROR")
        assert answer.headers["www-authenticate"] == "Bearer"

    def test_the_scheme_s_case_does_not_matter(self, server):
        answer = httpx.get(server.url + "/jobs", headers={"authorization": f"bearer {server.key}"})
        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/version", "/health", "/ready", "/openapi.json"])
    def test_open_to_everybody(self, server, path):
        assert httpx.get(server.url + path).status_code == 200


class TestUploads:
    def test_a_file_beyond_the_limit_is_refused_and_the_way_out_is_named(self, http):
        def form():
            yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
            for _ in range(200):
                yield PIECE
            yield b"\r\n--x--\r\n"

        headers = {"content-type": "multipart/form-data; boundary=x"}
        error = envelope(http.post("/upload", content=form(), headers=headers), 413, "DOCUMENT_TOO_LARGE")
        assert "presigned_url" in error["message"]
        assert http.get("/ready").status_code == 200

    def test_an_announced_length_beyond_the_limit(self, http):
        headers = {"content-type": "multipart/form-data; boundary=x"}
        body = bytes(UPLOAD_LIMIT + 1024 * 1024)
        envelope(http.post("/upload", content=body, headers=headers), 413, "DOCUMENT_TOO_LARGE")

    @pytest.mark.parametrize(
        ("content", "kind"),
        [(b"no form at all", "multipart/form-data; boundary=x"), (b"", "multipart/form-data")],
    )
    def test_a_form_that_is_none(self, http, content, kind):
        answer = http.post("/upload", content=content, headers={"content-type": kind})
        assert answer.status_code in {200, 422}
        if answer.status_code == 422:
            envelope(answer, 422, "INVALID_CONFIG")

    def test_a_text_in_place_of_the_file(self, http):
        answer = http.post("/upload", files={"file": (None, "text")})
        envelope(answer, 422, "INVALID_CONFIG")

    def test_a_file_under_another_name(self, http):
        answer = http.post("/upload", files={"document": ("a.pdf", b"x")})
        assert "'document'" in envelope(answer, 422, "INVALID_CONFIG")["message"]

    def test_two_files(self, http):
        files = [("file", ("a.pdf", b"x")), ("file", ("b.pdf", b"y"))]
        envelope(http.post("/upload", files=files), 422, "INVALID_CONFIG")

    def test_bytes_for_an_upload_that_was_deleted(self, http):
        presigned = http.post("/upload").json()
        assert http.delete(f"/upload/{presigned['file_id']}").status_code == 200
        envelope(httpx.put(presigned["presigned_url"], content=b"late"), 404, "NOT_FOUND")

    def test_an_extension_that_is_none(self, http):
        for extension in ("../x", "a b", "x" * 40):
            answer = http.post("/upload", params={"extension": extension}, files={"file": ("a", b"x")})
            envelope(answer, 422, "INVALID_CONFIG")

    def test_a_name_that_no_file_system_takes(self, http):
        body = (
            b'--x\r\ncontent-disposition: form-data; name="file"; filename="../a\0\x01b.pdf"\r\n\r\n'
            + pages_pdf(1)
            + b"\r\n--x--\r\n"
        )
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = http.post("/upload", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        parsed = http.post("/parse", json={"input": answer.json()})
        assert http.get(f"/job/{parsed.json()['job_id']}").json()["source"]["name"] == "ab.pdf"

    def test_no_file_asks_for_a_url_whatever_the_body_says(self, http):
        for sent in ({}, {"json": {}}, {"json": {"file": None}}, {"content": b""}):
            answer = http.post("/upload", params={"extension": "PDF"}, **sent)
            assert answer.json()["file_id"].endswith(".pdf")
            assert answer.json()["presigned_url"].startswith(str(http.base_url))


class TestMetadata:
    @pytest.mark.parametrize(
        "text",
        [
            "null",
            "false",
            "0",
            '""',
            "[]",
            '{"b": 1, "a": [null, {"c": "\\u0000\\ud800é"}]}',
            "12345678901234567890123",
        ],
    )
    def test_any_json_is_taken(self, http, upload, text):
        body = f'{{"input": "{upload}", "async": {{"metadata": {text}}}}}'
        answer = http.post("/parse_async", content=body.encode())
        assert answer.status_code == 200, answer.text
        job = ended(http, answer.json()["job_id"])
        assert job["status"] == "Completed"
        assert json.loads(job["raw_config"])["async"]["metadata"] == json.loads(text)
