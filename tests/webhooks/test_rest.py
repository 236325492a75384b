"""Webhooks over HTTP, as the vendor's client and ours see them: a running server, real jobs, official verifiers."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import standardwebhooks
import svix
from reducto import Reducto

from documents.pdfs import pages_pdf
from documents.serving import Answer

ROOT = "/recto/v1/webhooks"


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="module")
def upload(http):
    return http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]


@pytest.fixture
def endpoint(http, outside):
    """An endpoint on a channel of its own, so that other tests' messages pass it by."""
    path = f"/rest/{uuid.uuid4().hex}"
    given = {"url": outside.put(path, Answer(status=200, body=b"ok")), "channels": [path[1:]]}
    answer = http.post(f"{ROOT}/endpoints", json=given)
    assert answer.status_code == 201, answer.text
    yield answer.json() | {"path": path}
    http.delete(f"{ROOT}/endpoints/{answer.json()['id']}")


def message_of(http, job_id, *statuses):
    """The message about a job, once all its deliveries have one of these statuses."""
    until = time.monotonic() + 20
    while True:
        found = http.get(f"{ROOT}/messages", params={"job_id": job_id}).json()["messages"]
        if found and all(one["status"] in statuses for one in found[0]["deliveries"]):
            return http.get(f"{ROOT}/messages/{found[0]['id']}").json()
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_the_vendor_s_client_asks_for_a_svix_webhook(server, http, outside, upload, endpoint):
    client = Reducto(api_key=server.key, base_url=server.url)
    webhook = {"mode": "svix", "channels": endpoint["channels"]}
    job_id = client.parse.run_job(input=upload, async_={"webhook": webhook, "metadata": {"n": 1}}).job_id
    (seen,) = outside.wait_for(endpoint["path"], 1)
    for library in (svix.Webhook, standardwebhooks.Webhook):
        library(endpoint["secret"]).verify(seen.body, seen.headers)
    assert json.loads(seen.body) == {"status": "Completed", "job_id": job_id, "metadata": {"n": 1}}
    message = message_of(http, job_id, "delivered")
    assert message["id"] == seen.headers["svix-id"]
    assert (message["event_type"], message["channels"]) == ("async.update", endpoint["channels"])
    mine = [one for one in message["attempts"] if one["endpoint_id"] == endpoint["id"]]
    assert [(one["answer_status"], one["answer"], one["error"]) for one in mine] == [(200, "ok", None)]
    assert mine[0]["latency_ms"] >= 0


def test_every_field_of_an_endpoint_is_shown_and_changed(http, endpoint):
    at = f"{ROOT}/endpoints/{endpoint['id']}"
    changes = {
        "description": "orders",
        "channels": None,
        "event_types": ["async.update"],
        "url": "http://127.0.0.1:9/x",
    }
    for name, value in changes.items():
        assert http.patch(at, json={name: value}).json()[name] == value
    assert http.patch(at, json={"enabled": False}).json()["disabled_reason"] == "it was switched off"
    assert http.patch(at, json={"enabled": True}).json()["disabled_reason"] is None
    shown = http.get(at).json()
    assert {name: shown[name] for name in changes} == changes
    assert "secret" not in shown
    assert endpoint["id"] in {one["id"] for one in http.get(f"{ROOT}/endpoints").json()["endpoints"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"url": ""}, 422),
        ({"url": "ftp://host/x"}, 403),
        ({"url": "http://10.0.0.1/hook"}, 403),
        ({"url": "http://169.254.169.254/latest"}, 403),
        ({"url": "http://127.0.0.1:9/x", "channels": "a"}, 422),
        ({"url": "http://127.0.0.1:9/x", "channels": ["x" * 129]}, 422),
        ({"url": "http://127.0.0.1:9/x", "event_types": ["other"]}, 422),
        ({"url": "http://127.0.0.1:9/x", "secret": "whsec_short"}, 422),
        ({"url": "http://127.0.0.1:9/x", "unknown": 1}, 422),
        ({"url": "http://127.0.0.1:9/" + "x" * 2048}, 422),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(http, body, status):
    before = http.get(f"{ROOT}/endpoints").json()
    assert http.post(f"{ROOT}/endpoints", json=body).status_code == status
    assert http.get(f"{ROOT}/endpoints").json() == before


def test_secrets_are_read_rotated_and_brought_along(http, endpoint):
    at = f"{ROOT}/endpoints/{endpoint['id']}/secret"
    assert http.get(at).json() == {"secret": endpoint["secret"]}
    rotated = http.post(f"{at}/rotate", json={"overlap_s": 60}).json()["secret"]
    assert rotated != endpoint["secret"]
    assert http.get(at).json()["secret"] == rotated
    brought = "whsec_" + "A" * 32
    assert http.post(f"{at}/rotate", json={"secret": brought}).json() == {"secret": brought}
    assert http.post(f"{at}/rotate", json={"overlap_s": -1}).status_code == 422


def test_the_secret_of_direct_webhooks(http):
    at = f"{ROOT}/secret"
    assert http.get(at).status_code == 404
    secret = http.post(f"{at}/rotate", json={}).json()["secret"]
    assert http.get(at).json() == {"secret": secret}
    assert http.delete(at).json() == {"deleted": True}
    assert http.get(at).status_code == 404


def test_a_test_message_goes_to_its_endpoint_whatever_the_channels(http, outside, endpoint):
    sent = http.post(f"{ROOT}/endpoints/{endpoint['id']}/test")
    assert sent.status_code == 202
    (seen,) = outside.wait_for(endpoint["path"], 1)
    svix.Webhook(endpoint["secret"]).verify(seen.body, seen.headers)
    assert seen.headers["svix-id"] == sent.json()["message_id"]
    assert json.loads(seen.body)["metadata"] == {"test": True}
    http.patch(f"{ROOT}/endpoints/{endpoint['id']}", json={"enabled": False})
    assert http.post(f"{ROOT}/endpoints/{endpoint['id']}/test").status_code == 409


def test_what_failed_is_replayed_one_by_one_or_all_since_a_time(http, outside, upload, endpoint):
    outside.put(endpoint["path"], Answer(status=410))
    webhook = {"mode": "svix", "channels": endpoint["channels"]}
    job_id = http.post("/parse_async", json={"input": upload, "async": {"webhook": webhook}}).json()["job_id"]
    message = message_of(http, job_id, "failed")
    at, here = f"{ROOT}/endpoints/{endpoint['id']}", {"endpoint_id": endpoint["id"]}
    until = time.monotonic() + 10
    while (shown := http.get(at).json())["enabled"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert "410" in shown["disabled_reason"]
    assert http.post(f"{ROOT}/messages/{message['id']}/replay", json=here).status_code == 409
    outside.put(endpoint["path"], Answer(status=200))
    http.patch(at, json={"enabled": True})
    hour = timedelta(hours=1)
    late = http.post(f"{ROOT}/replay", json={"since": (datetime.now(UTC) + hour).isoformat(), **here})
    assert late.json() == {"deliveries": 0}
    again = http.post(f"{ROOT}/replay", json={"since": (datetime.now(UTC) - hour).isoformat(), **here})
    assert (again.status_code, again.json()) == (202, {"deliveries": 1})
    assert message_of(http, job_id, "delivered")["deliveries"][0]["attempts"] == 2
    assert http.post(f"{ROOT}/messages/{message['id']}/replay", json={}).json() == {"deliveries": 1}
    seen = outside.wait_for(endpoint["path"], 3)
    assert len({one.headers["svix-id"] for one in seen}) == 1


def test_messages_are_listed_page_by_page(http, upload, endpoint):
    jobs = []
    for _ in range(3):
        given = {"webhook": {"mode": "svix", "channels": endpoint["channels"]}}
        job_id = http.post("/parse_async", json={"input": upload, "async": given}).json()["job_id"]
        message_of(http, job_id, "delivered")
        jobs.append(job_id)
    only = {"endpoint_id": endpoint["id"], "limit": 2}
    first = http.get(f"{ROOT}/messages", params=only).json()
    assert [one["job_id"] for one in first["messages"]] == jobs[:0:-1]
    rest = http.get(f"{ROOT}/messages", params={**only, "cursor": first["next_cursor"]}).json()
    assert ([one["job_id"] for one in rest["messages"]], rest["next_cursor"]) == (jobs[:1], None)
    assert http.get(f"{ROOT}/messages", params={**only, "status": "failed"}).json()["messages"] == []
    assert http.get(f"{ROOT}/messages", params={"cursor": "forged"}).status_code == 422


@pytest.mark.parametrize("ended", ["Completed", "Failed", "Cancelled"])
def test_however_a_job_ends_it_has_its_message(http, outside, upload, endpoint, ended):
    document = {
        "Completed": upload,
        "Failed": http.post("/upload", files={"file": ("a.pdf", b"")}).json()["file_id"],
        "Cancelled": outside.put("/hangs-for-svix.pdf", Answer(hangs=True)),
    }[ended]
    given = {"webhook": {"mode": "svix", "channels": endpoint["channels"]}}
    job_id = http.post("/parse_async", json={"input": document, "async": given}).json()["job_id"]
    if ended == "Cancelled":
        http.post(f"/cancel/{job_id}")
    told = json.loads(message_of(http, job_id, "delivered")["body"])
    assert told["status"] == ("Completed" if ended == "Completed" else "Failed")


def test_a_deleted_job_takes_its_message_along(http, upload, endpoint):
    given = {"webhook": {"mode": "svix", "channels": endpoint["channels"]}, "metadata": "private"}
    job_id = http.post("/parse_async", json={"input": upload, "async": given}).json()["job_id"]
    message = message_of(http, job_id, "delivered")
    assert http.delete(f"/job/{job_id}").status_code == 202
    assert http.get(f"{ROOT}/messages/{message['id']}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/endpoints/{id}"),
        ("PATCH", "/endpoints/{id}"),
        ("DELETE", "/endpoints/{id}"),
        ("GET", "/endpoints/{id}/secret"),
        ("POST", "/endpoints/{id}/secret/rotate"),
        ("POST", "/endpoints/{id}/test"),
        ("POST", "/replay"),
    ],
)
@pytest.mark.parametrize("which", ["theirs", "none", "nonsense"])
def test_other_organisations_endpoints_are_not_there(server, http, endpoint, other_key, method, path, which):
    known = {"theirs": endpoint["id"], "none": str(uuid.uuid4()), "nonsense": "x"}[which]
    body = {"since": "2020-01-01T00:00:00Z", "endpoint_id": known} if path == "/replay" else {}
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {other_key}"}) as theirs:
        answer = theirs.request(method, ROOT + path.format(id=known), json=body)
    assert answer.status_code == 404, answer.text
    assert http.get(f"{ROOT}/endpoints/{endpoint['id']}").status_code == 200


def test_without_a_key_there_is_nothing(server):
    for path in ("/endpoints", "/messages", "/secret"):
        assert httpx.get(server.url + ROOT + path).status_code == 401
    assert httpx.post(server.url + "/configure_webhook").status_code == 401
