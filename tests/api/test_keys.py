"""Keys over HTTP: what their scopes allow, how they end, who manages whose; the log and the counts they leave."""

import time
from datetime import UTC, datetime

import httpx
import pytest

from api.calls import ended, second_key
from documents.pdfs import pages_pdf

MOMENT_S = 10.0  # within which the log must tell a call; it is written every second
NO_JOB = "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1"


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture
def made(http):
    """Makes a key; gives a client that uses it, and its id."""
    clients = []

    def make(**wanted):
        told = http.post("/recto/v1/keys", json={"name": "for a test", **wanted})
        assert told.status_code == 201, told.text
        headers = {"authorization": f"Bearer {told.json()['key']}"}
        clients.append(httpx.Client(base_url=http.base_url, headers=headers, timeout=60))
        return clients[-1], told.json()["key_id"]

    yield make
    for one in clients:
        one.close()


def until(look):
    end = time.monotonic() + MOMENT_S
    while not (found := look()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
    return found


def name_of(answer):
    return answer.status_code, answer.json()["error"]["name"]


def test_a_key_is_shown_once_and_never_listed(http):
    told = http.post("/recto/v1/keys", json={"name": "shown once"})
    assert told.headers["cache-control"] == "no-store"
    key = told.json()
    listed = http.get("/recto/v1/keys")
    assert key["key"] not in listed.text
    (row,) = [one for one in listed.json()["keys"] if one["key_id"] == key["key_id"]]
    assert (row["name"], row["scopes"], row["revoked_at"]) == ("shown once", ["run", "read"], None)
    assert key["key"].startswith(row["prefix"])


def test_scopes_allow_what_they_say(made):
    reader, _ = made(scopes=["read"])
    runner, _ = made(scopes=["run"])
    manager, _ = made(scopes=["admin"])
    assert reader.get("/jobs").status_code == 200
    refused = reader.post("/upload", files={"file": ("p.pdf", pages_pdf(1))})
    assert name_of(refused) == (403, "AUTH_ERROR")
    assert "this call needs run" in refused.json()["error"]["message"]
    assert reader.delete(f"/job/{NO_JOB}").status_code == 403
    upload = runner.post("/upload", files={"file": ("p.pdf", pages_pdf(1))})
    assert upload.status_code == 200
    assert runner.get("/jobs").status_code == 403
    assert runner.post("/parse", json={"input": upload.json()["file_id"]}).status_code == 200
    assert manager.get("/recto/v1/keys").status_code == 200
    assert manager.get("/jobs").status_code == 403
    for path in ("/recto/v1/keys", "/recto/v1/organisations", "/recto/v1/usage", "/recto/v1/audit"):
        assert reader.get(path).status_code == 403


def test_a_key_ends_with_its_time_and_by_revoking(http, made):
    short, _ = made(expires_s=0.5)
    assert short.get("/jobs").status_code == 200
    time.sleep(0.6)
    assert name_of(short.get("/jobs")) == (401, "AUTH_ERROR")
    other, key_id = made()
    assert http.delete(f"/recto/v1/keys/{key_id}").json() == {"key_id": key_id, "revoked": True}
    assert other.get("/jobs").status_code == 401
    assert http.delete(f"/recto/v1/keys/{key_id}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\nb"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "expires_s": 0},
        {"name": "x", "expires_s": 1e300},
        {"name": "x", "rate_per_s": -1},
        {"name": "x", "key": "recto_chosen"},
    ],
)
def test_a_key_that_cannot_be(http, body):
    assert http.post("/recto/v1/keys", json=body).status_code == 422


def test_organisations_are_the_operators(http, server, made):
    told = http.post("/recto/v1/organisations", json={"name": "Third Ltd"})
    assert told.status_code == 201
    assert "Third Ltd" in {one["name"] for one in http.get("/recto/v1/organisations").json()["organisations"]}
    theirs, key_id = made(organisation="Third Ltd", scopes=["run", "read", "admin"])
    assert {one["key_id"] for one in theirs.get("/recto/v1/keys").json()["keys"]} == {key_id}
    # An administrator of another organisation manages its own keys and nobody else's.
    assert name_of(theirs.get("/recto/v1/organisations")) == (403, "AUTH_ERROR")
    assert theirs.post("/recto/v1/organisations", json={"name": "x"}).status_code == 403
    assert theirs.get("/recto/v1/keys?organisation=default").status_code == 403
    assert theirs.post("/recto/v1/keys", json={"name": "x", "organisation": "default"}).status_code == 403
    ours = http.get("/recto/v1/keys").json()["keys"][0]["key_id"]
    assert theirs.delete(f"/recto/v1/keys/{ours}").status_code == 404
    assert theirs.delete(f"/recto/v1/keys/{ours}?organisation=default").status_code == 403
    assert http.get("/recto/v1/keys?organisation=Nobody").status_code == 404


def test_keys_of_the_command_line_manage_nothing_unless_asked(server):
    headers = {"authorization": f"Bearer {second_key(server)}"}
    assert httpx.get(f"{server.url}/recto/v1/keys", headers=headers).status_code == 403


def test_what_a_key_used_is_counted_by_day(http, made):
    user, key_id = made(scopes=["run", "read"])

    def used():
        rows = http.get("/recto/v1/usage").json()["usage"]
        return [one for one in rows if one["key_id"] == key_id]

    file_id = user.post("/upload", files={"file": ("p.pdf", pages_pdf(3))}).json()["file_id"]
    user.post("/parse", json={"input": file_id})
    job_id = user.post("/parse_async", json={"input": file_id}).json()["job_id"]
    ended(user, job_id)
    (row,) = until(lambda: [one for one in used() if one["jobs"] == 2 and one["calls"] >= 4])
    assert row["day"] == str(datetime.now(UTC).date())
    assert row["pages"] == 6
    assert row["credits"] == 6
    assert row["key_name"] == "for a test"
    (key,) = [one for one in http.get("/recto/v1/keys").json()["keys"] if one["key_id"] == key_id]
    assert key["used_at"] is not None


@pytest.mark.parametrize(
    "query", ["first=x", "first=2020-01-02&last=2020-01-01", "first=1900-01-01", "last=0001-01-05"]
)
def test_days_that_cannot_be(http, query):
    assert http.get(f"/recto/v1/usage?{query}").status_code == 422


def test_the_log_tells_reads_writes_deletions_and_changes_of_keys(http, made):
    user, key_id = made(scopes=["run", "read"])
    file_id = user.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]
    parsed = user.post("/parse", json={"input": file_id, "settings": {"force_url_result": True}}).json()
    job_id = parsed["job_id"]
    assert httpx.get(parsed["result"]["url"]).status_code == 200
    user.get(f"/job/{job_id}")
    user.get(f"/job/{NO_JOB}")
    user.delete(f"/job/{job_id}")
    http.delete(f"/recto/v1/keys/{key_id}")

    def logged():
        entries = http.get("/recto/v1/audit?limit=1000").json()["entries"]
        return {(one["action"], one["target"], one["status"]) for one in entries}

    wanted = {
        ("POST /parse", job_id, 200),
        ("GET /job/{job_id}", job_id, 200),
        ("GET /job/{job_id}", NO_JOB, 404),
        ("DELETE /job/{job_id}", job_id, 202),
        ("key created", key_id, 200),
        ("key revoked", key_id, 200),
    }
    until(lambda: wanted <= logged())
    entries = http.get("/recto/v1/audit?limit=1000").json()["entries"]
    links = [one for one in entries if "{token}" in one["action"] and job_id in one["target"]]
    assert links, "a signed link tells whose it is"
    assert {one["key_id"] for one in links} == {None}
    token = parsed["result"]["url"].rpartition("/")[2]
    assert token not in str(entries)
    (upload,) = [one for one in entries if one["action"] == "POST /upload" and one["key_id"] == key_id]
    assert upload["target"] in file_id
    assert upload["address"] == "127.0.0.1"


def test_the_log_is_paged_and_ones_own(http, server, made):
    page = http.get("/recto/v1/audit?limit=2").json()
    assert len(page["entries"]) == 2
    following = http.get(f"/recto/v1/audit?limit=2&before={page['next_before']}").json()
    assert following["entries"][0]["id"] < page["entries"][1]["id"]
    theirs, _ = made(organisation="Third Ltd", scopes=["admin", "read"])
    theirs.get("/jobs")
    own = until(lambda: theirs.get("/recto/v1/audit").json()["entries"])
    assert not {one["id"] for one in own} & {one["id"] for one in page["entries"]}
    assert theirs.get("/recto/v1/usage").json()["usage"] is not None
