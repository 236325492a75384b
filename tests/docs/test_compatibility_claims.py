"""What docs/compatibility.md says of calls and inputs, asked of a running server."""

import io
import time
import uuid
import zipfile

import httpx
import pytest

from documents.pdfs import pages_pdf


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as one:
        yield one


@pytest.fixture(scope="module")
def uploaded(client):
    return upload(client, pages_pdf(2), "two.pdf")


def upload(client, content, name):
    answer = client.post("/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["file_id"]


def ended(client, job_id):
    give_up = time.monotonic() + 60
    while (job := client.get(f"/job/{job_id}").json())["status"] not in {"Completed", "Failed"}:
        assert time.monotonic() < give_up, job
        time.sleep(0.05)
    return job


def refused(answer, status, name=None):
    assert answer.status_code == status, answer.text
    if name:
        assert answer.json()["error"]["name"] == name
    return answer.text


def deploy(client, name):
    answer = client.post("/recto/v1/pipelines", json={"name": name, "steps": [{"parse": {}}]})
    return answer.json()["pipeline_id"]


@pytest.mark.parametrize("path", ["/split", "/edit", "/classify"])
def test_what_is_not_there_yet_says_so(client, uploaded, path):
    for suffix in ("", "_async"):
        refused(client.post(path + suffix, json={"input": uploaded}), 422, "NOT_APPLICABLE")


def test_a_word_file_is_refused_as_unsupported(client):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as docx:
        docx.writestr("[Content_Types].xml", "<Types/>")
        docx.writestr("word/document.xml", "<document/>")
    file = upload(client, buffer.getvalue(), "letter.docx")
    refused(client.post("/parse", json={"input": file}), 415, "DOCUMENT_UNSUPPORTED")


def test_an_async_object_makes_a_parse_asynchronous(client, uploaded):
    answer = client.post("/parse", json={"input": uploaded, "async": {}}).json()
    assert set(answer) == {"job_id"}
    job = ended(client, answer["job_id"])
    assert job["progress"] == 1
    assert {"stage", "lane", "started_at", "ended_at", "warnings"} <= set(job)


def test_keys_of_both_generations_clash(client, uploaded):
    body = {"input": uploaded, "document_url": uploaded, "enhance": {}}
    assert "document_url" in refused(client.post("/parse", json=body), 422)


def test_lists_are_for_pipelines(client, uploaded):
    refused(client.post("/parse", json={"input": [uploaded, uploaded]}), 422)
    assert client.post("/parse", json={"input": [uploaded]}).status_code == 200
    body = {"input": [uploaded, uploaded], "pipeline_id": deploy(client, "claims: a list")}
    assert len(client.post("/pipeline", json=body).json()["result"]["parse"]) == 2


def test_what_does_not_exist_is_a_404_at_once(client):
    nobody = str(uuid.uuid4())
    refused(client.post("/pipeline_async", json={"input": "reducto://x", "pipeline_id": "0" * 32}), 404)
    refused(client.post("/parse_async", json={"input": f"jobid://{nobody}"}), 404, "NOT_FOUND")
    refused(client.post("/parse_async", json={"input": f"reducto://{nobody}.pdf"}), 404, "NOT_FOUND")
    refused(client.get(f"/job/{nobody}"), 404, "NOT_FOUND")
    unused = client.post("/upload").json()
    assert unused["presigned_url"]
    refused(client.post("/parse_async", json={"input": unused["file_id"]}), 404, "NOT_FOUND")


def test_the_fate_of_job_references(client, uploaded):
    body = {"input": uploaded, "pipeline_id": deploy(client, "claims: one parse")}
    pipeline = client.post("/pipeline", json=body).json()
    again = client.post("/parse", json={"input": f"jobid://{pipeline['job_id']}"})
    assert again.status_code == 200, again.text
    assert again.json()["usage"]["num_pages"] == 2

    failing = client.post("/parse_async", json={"input": upload(client, b"", "empty.pdf")}).json()["job_id"]
    assert ended(client, failing)["error"]["name"] == "DOCUMENT_EMPTY"
    refused(client.post("/parse_async", json={"input": f"jobid://{failing}"}), 422)

    parsed = client.post("/parse", json={"input": uploaded}).json()["job_id"]
    assert client.delete(f"/job/{parsed}").status_code == 202
    refused(client.post("/parse_async", json={"input": f"jobid://{parsed}"}), 404)
    refused(client.get(f"/job/{parsed}"), 410, "JOB_DELETED")


def test_inner_addresses_are_refused_and_other_schemes_too(client):
    for url in ("http://10.0.0.7/a.pdf", "http://169.254.169.254/latest"):
        job_id = client.post("/parse_async", json={"input": url}).json()["job_id"]
        assert ended(client, job_id)["error"]["name"] == "URL_NOT_ALLOWED"
    assert 400 <= client.post("/parse_async", json={"input": "file:///etc/passwd"}).status_code < 500


def test_what_is_ignored_is_named(client, uploaded):
    body = {
        "input": uploaded,
        "formating": {},
        "settings": {"alpha": 1, "return_citations": True, "ocr_system": "legacy"},
    }
    answer = client.post("/parse", json=body).json()
    told = " ".join(answer["warnings"])
    assert "did you mean formatting?" in told
    assert "settings.return_citations" in told
    assert "ocr_system" not in told
    assert answer["studio_link"] is None
    assert "document_properties" not in answer
    assert "warnings" not in client.post("/parse", json={"input": uploaded}).json()


def test_a_forced_link_opens_without_a_key(client, uploaded):
    answer = client.post("/parse", json={"input": uploaded, "settings": {"force_url_result": True}}).json()
    assert answer["result"]["type"] == "url"
    assert httpx.get(answer["result"]["url"]).json()["chunks"]
    assert httpx.get(answer["pdf_url"]).content.startswith(b"%PDF")


def test_a_cancelled_job_has_two_names(client):
    job_id = client.post(
        "/parse_async", json={"input": upload(client, pages_pdf(3000, 200), "long.pdf")}
    ).json()["job_id"]
    assert client.post(f"/cancel/{job_id}").status_code == 200
    job = ended(client, job_id)
    assert (job["status"], job["error"]["name"]) == ("Failed", "JOB_CANCELLED")
    (listed,) = [one for one in client.get("/jobs").json()["jobs"] if one["job_id"] == job_id]
    assert listed["status"] == "Cancelled"
    assert client.post(f"/cancel/{job_id}").status_code == 200


def test_a_bad_body_lists_its_faults(client):
    detail = client.post("/parse", json={}).json()["detail"]
    assert detail[0]["loc"] == ["body", "input"]
    assert detail[0]["type"] == "missing"


def test_the_fate_of_extractions(client, uploaded):
    schema = {"type": "object", "properties": {"page": {"type": "string"}, "gone": {"type": "string"}}}
    body = {"input": [uploaded, uploaded], "instructions": {"schema": {**schema, "required": ["gone"]}}}
    answer = client.post("/extract", json=body).json()
    assert answer["response_type"] == "v3_extract"
    assert answer["result"][0]["gone"] is None
    assert answer["usage"]["num_pages"] == 4
    older = client.post("/extract", json={"document_url": uploaded, "schema": schema}).json()
    assert older["response_type"] == "extract"
    assert "gone" not in older["result"][0]
    listed = client.get("/jobs", params={"limit": 2}).json()["jobs"]
    assert [job["job_id"] for job in listed] == [older["job_id"], answer["job_id"]]
    rows = {"type": "array", "items": schema}
    assert isinstance(
        client.post("/extract", json={"input": uploaded, "instructions": {"schema": rows}}).json()["result"][
            0
        ],
        list,
    )
