"""The extract endpoint over plain HTTP: bodies of both generations, what is refused, what is kept and deleted."""

import httpx
import pytest

from api.calls import ended, second_key
from documents.labelled import NOTE_SCHEMA, labelled_pdf
from documents.pdfs import empty_pdf, locked_pdf

INSTRUCTIONS = {"schema": NOTE_SCHEMA}


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=120) as one:
        yield one


def uploaded(http, content, name="note.pdf"):
    answer = http.post("/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()["file_id"]


@pytest.fixture(scope="module")
def note(http):
    return uploaded(http, labelled_pdf())


def extracted(http, **body):
    answer = http.post("/extract", json={"instructions": INSTRUCTIONS, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(http, status, name, **body):
    answer = http.post("/extract", json={"instructions": INSTRUCTIONS, **body})
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["name"] == name
    return error["message"]


class TestOlderBodies:
    def test_the_answer_is_of_the_same_generation(self, http, note):
        body = {"document_url": note, "schema": NOTE_SCHEMA}
        answer = http.post("/extract", json=body).json()
        assert answer["response_type"] == "extract"
        assert answer["result"][0]["total"] == 1204.5
        assert answer["citations"] is None
        assert set(answer["response_confidence"]) == {"confidence", "reason", "fields"}
        assert "warnings" not in answer

    def test_citations_stand_beside_the_values(self, http, note):
        body = {"document_url": [note], "schema": NOTE_SCHEMA, "generate_citations": True}
        answer = http.post("/extract", json=body).json()
        assert answer["result"][0]["total"] == 1204.5
        (cited,) = answer["citations"]
        assert cited["total"][0]["content"] == "1204.50"
        assert cited["total"][0]["granular_confidence"] is None
        body["citations_options"] = {"numerical_confidence": True}
        (cited,) = http.post("/extract", json=body).json()["citations"]
        assert cited["total"][0]["granular_confidence"]["extract_confidence"] > 0

    def test_both_parts_become_links(self, http, note):
        options = {"force_url_result": True}
        body = {"document_url": note, "schema": NOTE_SCHEMA, "generate_citations": True, "options": options}
        answer = http.post("/extract", json=body).json()
        assert httpx.get(answer["result"]["url"]).json()[0]["total"] == 1204.5
        assert httpx.get(answer["citations"]["url"]).json()[0]["total"][0]["content"] == "1204.50"

    def test_in_the_background(self, http, note):
        body = {"document_url": note, "schema": NOTE_SCHEMA, "webhook": {"mode": "disabled"}}
        job_id = http.post("/extract_async", json=body).json()["job_id"]
        assert ended(http, job_id)["result"]["response_type"] == "extract"

    def test_what_is_ignored_is_named_by_its_older_name(self, http, note):
        body = {
            "document_url": note,
            "schema": NOTE_SCHEMA,
            "deep_extract": True,
            "use_chunking": True,
            "options": {"figure_summary": {"enabled": True}},
        }
        told = http.post("/extract", json=body).json()["warnings"]
        assert sorted(sentence.split(" ")[0] for sentence in told) == [
            "deep_extract",
            "options.figure_summary.enabled",
            "use_chunking",
        ]

    @pytest.mark.parametrize("new", [{"input": "x"}, {"instructions": {}}, {"settings": {}}, {"parsing": {}}])
    def test_generations_do_not_mix(self, http, note, new):
        answer = http.post("/extract", json={"document_url": note, "schema": {}, **new})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["type"] == "mixed_generations"


class TestAnswers:
    def test_what_has_no_effect_is_said(self, http, note):
        settings = {
            "include_images": True,
            "optimize_for_latency": True,
            "deep_extract": True,
            "colour": 1,
        }
        parsing = {"settings": {"return_citations": True}}
        told = extracted(
            http,
            input=note,
            settings=settings,
            parsing=parsing,
            instructions={**INSTRUCTIONS, "system_prompt": "Be quick."},
        )["warnings"]
        assert sorted(sentence.split(" ")[0] for sentence in told) == [
            "instructions.system_prompt",
            "parsing.settings.return_citations",
            "settings.colour",
            "settings.deep_extract",
            "settings.include_images",
        ]

    def test_what_was_parsed_already_is_not_parsed_otherwise(self, http, note):
        parsed = http.post("/parse", json={"input": note}).json()["job_id"]
        body = {"input": f"jobid://{parsed}", "parsing": {"formatting": {"merge_tables": True}}}
        assert "parsing was ignored" in extracted(http, **body)["warnings"][0]
        assert "warnings" not in extracted(http, input=f"jobid://{parsed}")

    def test_a_page_range(self, http):
        pages = [{"Place": "Lübeck"}, {"Place": "Bremen"}, {"Place": "Kiel"}]
        document = uploaded(http, labelled_pdf(*pages))
        cited = {"page_range": [2], "citations": {"enabled": True}}
        answer = extracted(http, input=document, settings=cited)
        assert answer["usage"]["num_pages"] == 1
        place = answer["result"]["place"]
        assert place["value"] == "Bremen"
        assert place["citations"][0]["bbox"]["original_page"] == 2
        assert (
            extracted(http, input=document, settings={"page_range": {"start": 3}})["result"][0]["place"]
            == "Kiel"
        )

    def test_required_is_null_and_optional_is_absent(self, http):
        document = uploaded(http, labelled_pdf({"Place": "Kiel"}))
        (values,) = extracted(http, input=document)["result"]
        assert values == {"reference": None, "place": "Kiel", "total": None}

    def test_an_empty_schema_asks_for_the_key_facts(self, http, note):
        (facts,) = extracted(http, input=note, instructions={})["result"]
        assert isinstance(facts, dict)

    def test_a_wide_schema(self, http, note):
        groups = {
            f"group_{group}": {
                "type": "object",
                "properties": {f"entry_{number}": {"type": ["string", "null"]} for number in range(41)},
                "required": ["entry_0"],
            }
            for group in range(9)
        }
        schema = {"type": "object", "properties": groups, "required": list(groups)}
        (values,) = extracted(http, input=note, instructions={"schema": schema})["result"]
        assert values.keys() == groups.keys()
        assert all(group.get("entry_0", 0) is None for group in values.values())


class TestRefused:
    @pytest.mark.parametrize(
        ("schema", "told"),
        [
            ({"type": "string"}, "a single string"),
            (["a"], "the root of the schema"),
            (None, "the root of the schema"),
            ({"properties": {"a": {"properties": {"b": {"type": "money"}}}}}, "'a.b' has the type 'money'"),
            (
                {"$defs": {"N": {"properties": {"n": {"$ref": "#/$defs/N"}}}}, "$ref": "#/$defs/N"},
                "recursive",
            ),
        ],
    )
    @pytest.mark.parametrize("path", ["/extract", "/extract_async"])
    def test_schemas_at_once_with_their_place(self, http, note, schema, told, path):
        answer = http.post(path, json={"input": note, "instructions": {"schema": schema}})
        assert answer.status_code == 422
        assert answer.json()["error"]["name"] == "INVALID_SCHEMA"
        assert told in answer.json()["error"]["message"]

    def test_a_schema_of_ten_megabytes(self, http, note):
        schema = {"type": "object", "description": "x" * 10_000_000}
        assert "longer than" in refused(
            http, 422, "INVALID_SCHEMA", input=note, instructions={"schema": schema}
        )

    @pytest.mark.parametrize("path", ["/extract", "/extract_async"])
    def test_bodies_that_do_not_fit(self, http, path):
        detail = http.post(path, json={"instructions": INSTRUCTIONS}).json()["detail"]
        assert detail[0]["loc"] == ["body", "input"]
        assert http.post(path, json=[]).status_code == 422

    def test_no_document(self, http):
        assert "empty list" in refused(http, 422, "INVALID_CONFIG", input=[])
        assert "1001 documents" in refused(http, 422, "INVALID_CONFIG", input=["reducto://x"] * 1001)

    def test_sheets_of_what_is_no_spreadsheet(self, http, note):
        refused(http, 422, "INVALID_CONFIG", input=note, settings={"page_range": ["Sheet1"]})

    def test_a_page_range_beyond_the_document(self, http, note):
        refused(http, 400, "INVALID_CONFIG", input=note, settings={"page_range": [9]})

    def test_documents_that_cannot_be_read(self, http, note):
        refused(http, 422, "DOCUMENT_EMPTY", input=uploaded(http, empty_pdf()))
        refused(http, 442, "DOCUMENT_PASSWORD_PROTECTED", input=uploaded(http, locked_pdf()))
        told = refused(http, 422, "DOCUMENT_EMPTY", input=[note, uploaded(http, b"")])
        assert told.startswith("Document 2 of 2: ")

    def test_the_password_reaches_the_parse(self, http):
        parsing = {"settings": {"document_password": "secret"}}
        answer = extracted(http, input=uploaded(http, locked_pdf()), parsing=parsing)
        assert answer["usage"]["num_pages"] == 1

    def test_jobs_of_others_and_jobs_that_are_gone(self, server, http, note):
        parsed = http.post("/parse", json={"input": note}).json()["job_id"]
        theirs = {"authorization": f"Bearer {second_key(server)}"}
        body = {"input": f"jobid://{parsed}", "instructions": INSTRUCTIONS}
        assert httpx.post(server.url + "/extract", json=body, headers=theirs).status_code == 404
        assert http.delete(f"/job/{parsed}").status_code == 202
        refused(http, 404, "NOT_FOUND", input=f"jobid://{parsed}")
        failing = http.post("/parse_async", json={"input": uploaded(http, b"")}).json()["job_id"]
        ended(http, failing)
        refused(http, 422, "INVALID_CONFIG", input=f"jobid://{failing}")


class TestDeletion:
    def test_its_parses_go_with_it(self, http, note):
        before = {job["job_id"] for job in http.get("/jobs").json()["jobs"]}
        job_id = extracted(http, input=note)["job_id"]
        after = {job["job_id"] for job in http.get("/jobs").json()["jobs"]}
        assert after - before == {job_id}
        assert http.delete(f"/job/{job_id}").status_code == 202
        assert http.get(f"/job/{job_id}").status_code == 410
        refused(http, 404, "NOT_FOUND", input=f"jobid://{job_id}")

    def test_a_parse_it_referred_to_stays(self, http, note):
        parsed = http.post("/parse", json={"input": note}).json()["job_id"]
        job_id = extracted(http, input=f"jobid://{parsed}")["job_id"]
        assert http.delete(f"/job/{job_id}").status_code == 202
        assert http.get(f"/job/{parsed}").json()["status"] == "Completed"
