"""Every route there is, found by itself: none answers without a key, none shows another organisation's things."""

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from documents.pdfs import pages_pdf
from recto.api import routes
from recto.api import server as assembled

PUBLIC = {"/health", "/ready", "/version"}


def every_route():
    """(method, path) of what the application serves: its router modules are those that the server includes."""
    modules = [
        one for one in vars(assembled).values() if getattr(one, "__package__", None) == routes.__name__
    ]
    served = [route for one in modules for route in one.router.routes if isinstance(route, APIRoute)]
    return sorted({(method, route.path) for route in served for method in route.methods})


ROUTES = every_route()
GUARDED = [
    (method, path) for method, path in ROUTES if path not in PUBLIC and not re.search(r"\{token|portal", path)
]
NAMING = [(method, path) for method, path in GUARDED if re.search(r"\{(job|file|pipeline|key)_id", path)]


def test_the_routes_are_found():
    assert ("POST", "/parse") in GUARDED
    assert ("DELETE", "/recto/v1/keys/{key_id}") in NAMING
    assert len(NAMING) >= 8


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=" ".join)
def test_no_key_no_answer(guarded, method, path):
    url = guarded.url + re.sub(r"\{[^}]*\}", "7cf0c8ea-3d0a-4b8e-9c49-3c3c8ba5a2d1", path)
    for headers in (
        {},
        {"authorization": "Bearer recto_nobody-has-this-key"},
        {"authorization": "Basic eDp5"},
    ):
        told = httpx.request(method, url, headers=headers, json={})
        assert (told.status_code, told.json()["error"]["name"]) == (401, "AUTH_ERROR")


@pytest.fixture(scope="module")
def ours(http):
    upload = http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]
    job_id = http.post("/parse", json={"input": upload}).json()["job_id"]
    definition = {"name": "ours", "steps": [{"parse": {}}]}
    made = http.post("/recto/v1/pipelines", json=definition)
    key = http.post("/recto/v1/keys", json={"name": "ours"}).json()
    assert made.status_code in {201, 422}, made.text
    pipeline = made.json().get("pipeline_id", "none")
    return {"job_id": job_id, "file_id": upload, "pipeline_id": pipeline, "key_id": key["key_id"]}


@pytest.mark.parametrize(("method", "path"), NAMING, ids=" ".join)
def test_what_is_ours_is_not_there_for_others(ours, outsider, http, method, path):
    url = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(ours.get(found[1], "x")), path)
    told = outsider.request(method, url, json={})
    assert told.status_code in {403, 404, 422}, told.text
    told_ids = set(re.findall(r"[\w:/.-]+", told.text)) & set(ours.values())
    assert told.status_code == 403 or told_ids <= {one for one in ours.values() if one in url}
    assert http.get(f"/job/{ours['job_id']}").json()["status"] == "Completed"


@pytest.mark.parametrize("path", ["/jobs", "/version", "/job/x", "/nowhere"])
def test_answers_do_nothing_in_a_browser(http, path):
    headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers
