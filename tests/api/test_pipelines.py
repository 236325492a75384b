"""/recto/v1/pipelines: made, changed, rolled back, listed, and only ever seen by their organisation."""

import httpx
import pytest

from api.calls import second_key
from documents.pdfs import pages_pdf

PATH = "/recto/v1/pipelines"
PARSE = {"parse": {}}
BY_PAGE = {"parse": {"retrieval": {"chunking": {"chunk_mode": "page"}}}}


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as made:
        yield made


def deploy(http, name, *steps):
    return http.post(PATH, json={"name": name, "steps": list(steps)})


def test_a_new_name_makes_a_pipeline(http):
    answer = deploy(http, "new", PARSE)
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"pipeline_id", "version", "hash"}
    assert (len(body["pipeline_id"]), body["pipeline_id"][0], body["version"]) == (32, "k", 1)
    assert len(bytes.fromhex(body["hash"])) == 32


def test_the_same_name_gets_versions_and_the_same_content_the_same_one(http):
    first = deploy(http, "grows", PARSE).json()
    second = deploy(http, "grows", BY_PAGE).json()
    again = deploy(http, "grows", {"parse": {"settings": {}}}).json()
    assert second == {**first, "version": 2, "hash": second["hash"]}
    assert second["hash"] != first["hash"]
    assert again == first
    read = http.get(f"{PATH}/{first['pipeline_id']}").json()
    assert read["version"] == 1
    assert [(one["version"], one["deployed"]) for one in read["versions"]] == [(2, False), (1, True)]


def test_deploy_and_roll_back(http):
    pipeline_id = deploy(http, "moves", PARSE).json()["pipeline_id"]
    deployed = http.post(f"{PATH}/{pipeline_id}/deploy", json={"name": "moves", "steps": [BY_PAGE]})
    assert (deployed.status_code, deployed.json()["version"]) == (200, 2)
    rolled = http.post(f"{PATH}/{pipeline_id}/rollback", json={"version": 1})
    assert (rolled.status_code, rolled.json()["version"]) == (200, 1)
    assert rolled.json()["definition"]["steps"][0].keys() == {"parse"}
    missing = http.post(f"{PATH}/{pipeline_id}/rollback", json={"version": 9})
    assert missing.status_code == 404
    assert "[1, 2]" in missing.json()["error"]["message"]
    renamed = http.post(f"{PATH}/{pipeline_id}/deploy", json={"name": "other", "steps": [PARSE]})
    assert renamed.status_code == 422


def test_a_job_keeps_the_version_it_was_made_on(http, server):
    root = httpx.Client(base_url=server.url, headers=server.headers, timeout=30)
    with root:
        upload = root.post("/upload", files={"file": ("p.pdf", pages_pdf(3))}).json()["file_id"]
        pipeline_id = deploy(http, "runs", PARSE).json()["pipeline_id"]

        def run():
            answer = root.post("/pipeline", json={"input": upload, "pipeline_id": pipeline_id}).json()
            job = root.get(f"/job/{answer['job_id']}").json()
            return len(answer["result"]["parse"]["result"]["chunks"]), job["pipeline_version"]

        assert run() == (1, 1)
        http.post(f"{PATH}/{pipeline_id}/deploy", json={"name": "runs", "steps": [BY_PAGE]})
        assert run() == (3, 2)
        http.post(f"{PATH}/{pipeline_id}/rollback", json={"version": 1})
        assert run() == (1, 1)


def test_the_list_is_by_name(http):
    for name in ("list b", "list a"):
        deploy(http, name, PARSE)
    names = [one["name"] for one in http.get(PATH).json()["pipelines"]]
    assert names == sorted(names)
    assert {"list a", "list b"} <= set(names)


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ({"name": "x"}, "steps"),
        ({"name": "x", "steps": []}, "steps"),
        ({"steps": [PARSE]}, "name"),
        ({"name": "", "steps": [PARSE]}, "name"),
        ({"name": "x", "steps": [PARSE], "color": 1}, "color"),
        ({"name": "x", "steps": [{"parse": {"settngs": {}}}]}, "settings"),
        ({"name": "x", "steps": [PARSE, PARSE]}, "exactly one parse"),
        ({"name": "x", "steps": [{"parse": {"settings": {"document_password": "p"}}}]}, "document_password"),
        (
            {"name": "x", "steps": [PARSE, {"extract": {"instructions": {"schema": {"type": "text"}}}}]},
            "has the type 'text'",
        ),
        ({"name": "x", "steps": [PARSE, {"edit": {"edit_instructions": "fill"}}]}, "not available yet"),
        (
            {
                "name": "x",
                "steps": [PARSE, {"split": {"split_description": [{"name": "a", "description": "b"}]}}],
            },
            "not available yet",
        ),
    ],
)
def test_what_is_no_pipeline(http, definition, word):
    answer = http.post(PATH, json=definition)
    assert answer.status_code == 422, answer.text
    assert word in answer.json()["error"]["message"]
    assert "x" not in [one["name"] for one in http.get(PATH).json()["pipelines"]]


@pytest.mark.parametrize("pipeline_id", ["k" + "a" * 31, "nope", "%00", "%F0%9F%98%80"])
def test_an_unknown_pipeline(http, pipeline_id):
    for answer in (
        http.get(f"{PATH}/{pipeline_id}"),
        http.post(f"{PATH}/{pipeline_id}/deploy", json={"name": "a", "steps": [PARSE]}),
        http.post(f"{PATH}/{pipeline_id}/rollback", json={"version": 1}),
    ):
        assert answer.status_code == 404
        assert answer.json()["error"]["name"] == "NOT_FOUND"


def test_another_organisation_sees_and_changes_nothing(http, server):
    pipeline_id = deploy(http, "ours", PARSE).json()["pipeline_id"]
    headers = {"authorization": f"Bearer {second_key(server)}"}
    with httpx.Client(base_url=server.url, headers=headers) as other:
        path = f"{PATH}/{pipeline_id}"
        answers = (
            other.get(path),
            other.post(f"{path}/deploy", json={"name": "ours", "steps": [BY_PAGE]}),
            other.post(f"{path}/rollback", json={"version": 1}),
            other.post("/pipeline", json={"input": "http://127.0.0.1:9/a", "pipeline_id": pipeline_id}),
            other.post("/pipeline_async", json={"input": "http://127.0.0.1:9/a", "pipeline_id": pipeline_id}),
        )
        assert [answer.status_code for answer in answers] == [404] * 5
        assert "ours" not in [one["name"] for one in other.get(PATH).json()["pipelines"]]
        theirs = other.post(PATH, json={"name": "ours", "steps": [PARSE]}).json()
        assert theirs["pipeline_id"] != pipeline_id
