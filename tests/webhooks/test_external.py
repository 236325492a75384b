"""Messages handed to a Svix: its own library against an HTTP server that speaks its published API."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from recto.errors import InvalidConfig, Unavailable
from recto.storage.queries import deliveries
from recto.webhooks import external
from recto.webhooks.external import SvixGateway
from recto.webhooks.outbox import Outbox
from recto.webhooks.signing import message_id

TOKEN = "testsk_a-token-of-the-tests"
NOW = "2026-01-01T00:00:00Z"


@dataclass
class Svix:
    """The server: applications by uid, event types by name, messages by application and event id."""

    url: str = ""
    applications: dict[str, str] = field(default_factory=dict)
    event_types: set[str] = field(default_factory=set)
    messages: dict[tuple[str, str], dict] = field(default_factory=dict)
    idempotency_keys: list[str] = field(default_factory=list)
    broken: int | None = None

    def answer(self, path: str, query: str, body: dict, idempotency_key: str) -> tuple[int, dict]:  # noqa: PLR0911 - one for each case
        if self.broken:
            return self.broken, {"code": "broken", "detail": "on purpose"}
        match path.removeprefix("/api/v1/").split("/"):
            case ["app"]:
                assert query == "get_if_exists=true"
                self.applications.setdefault(body["uid"], body["name"])
                return 200, {"id": "app_1", "createdAt": NOW, "updatedAt": NOW, "metadata": {}, **body}
            case ["event-type"]:
                if body["name"] in self.event_types:
                    return 409, {
                        "code": "event_type_exists",
                        "detail": "An event_type with this name exists.",
                    }
                self.event_types.add(body["name"])
                return 201, {"createdAt": NOW, "updatedAt": NOW, "deprecated": False, **body}
            case ["app", uid, "msg"]:
                if uid not in self.applications:
                    return 404, {"code": "not_found", "detail": "Entity not found"}
                if (uid, body["eventId"]) in self.messages:
                    return 409, {"code": "conflict", "detail": "The eventId exists."}
                self.messages[uid, body["eventId"]] = body
                self.idempotency_keys.append(idempotency_key)
                return 202, {"id": "msg_x", "timestamp": NOW, **body}
            case ["auth", "app-portal-access", uid]:
                return 200, {"url": f"{self.url}/portal#key={uid}-{body['expiry']}", "token": "t"}
        return 404, {"code": "not_found", "detail": path}


@contextmanager
def svix_server() -> Iterator[Svix]:
    svix = Svix()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            split = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.headers["authorization"] == f"Bearer {TOKEN}":
                key = self.headers["idempotency-key"]
                status, answer = svix.answer(split.path, split.query, body, key)
            else:
                status, answer = 401, {"code": "authentication_failed", "detail": "Invalid token"}
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format, *args):  # noqa: A002 - the standard library's name
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    svix.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield svix
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.fixture
def svix():
    with svix_server() as made:
        yield made


@pytest.fixture
def outward(hooks, svix):
    """Webhooks of a server that is set up to hand them to a Svix."""
    hooks.external = SvixGateway(TOKEN, svix.url, 5)
    hooks.schedule = replace(hooks.schedule, timeout_s=10)
    hooks.yard.flow._outbox = Outbox(external=True)
    return hooks


async def test_a_message_becomes_one_of_the_organisation_s_application(outward, svix):
    await outward.endpoint("http://127.0.0.1:9/own")  # own endpoints rest meanwhile
    job_id = await outward.ended_job(["a", "b"])
    async with outward.couriers():
        (sent,) = await outward.settled(job_id)
    assert (sent.kind, sent.status) == ("svix", "delivered")
    identifier = message_id((await outward.message(job_id)).id)
    organisation = str(outward.yard.organisation)
    assert svix.event_types == {"async.update"}
    assert svix.messages == {
        (organisation, identifier): {
            "eventType": "async.update",
            "eventId": identifier,
            "payload": {"status": "Failed", "job_id": str(job_id), "metadata": None},
            "channels": ["a", "b"],
        }
    }
    assert svix.idempotency_keys == [identifier]


async def test_handing_it_over_twice_is_one_message(outward, svix):
    await outward.ended_job()
    async with outward.yard.database.begin() as connection:
        (held,) = await deliveries.claim(connection, "w", 10, 10, {}, 4)
    for gateway in (outward.external, outward.external, SvixGateway(TOKEN, svix.url, 5)):
        await gateway.send(held)
    assert len(svix.messages) == 1
    assert "channels" not in svix.messages.popitem()[1] or held.channels is None


async def test_what_svix_has_taken_is_not_sent_again_from_here(outward, svix):
    job_id = await outward.ended_job()
    async with outward.couriers():
        await outward.settled(job_id)
    message = await outward.message(job_id)
    async with outward.yard.database.begin() as connection:
        mine = outward.yard.organisation
        assert await outward.webhooks.replay(connection, mine, message.id, None) == 0
        await connection.execute(sa.text("UPDATE delivery SET status = 'failed'"))
        assert await outward.webhooks.replay(connection, mine, message.id, None) == 1


async def test_a_svix_that_fails_is_tried_again_by_our_schedule(outward, svix):
    svix.broken = 500
    job_id = await outward.ended_job()
    async with outward.couriers() as (courier,):
        (sent,) = await outward.settled(job_id)
        assert (sent.status, sent.error) == ("pending", "Svix answered 500: HTTP Error (broken): on purpose")
        svix.broken = None
        await outward.time_passes(outward.schedule.endpoints_s[0])
        courier.look()
        (sent,) = await outward.settled(job_id, 2)
    assert sent.status == "delivered"
    assert len(svix.messages) == 1


async def test_a_wrong_token_is_said(outward, svix):
    outward.external = SvixGateway("another", svix.url, 5)
    async with outward.couriers():
        (sent,) = await outward.settled(await outward.ended_job())
    assert "Svix answered 401" in sent.error
    assert "another" not in sent.error


async def test_the_portal_is_theirs(outward, svix):
    organisation = outward.yard.organisation
    assert await outward.external.portal_url(organisation, 60) == f"{svix.url}/portal#key={organisation}-3600"


async def test_nobody_there(outward):
    gateway = SvixGateway(TOKEN, "http://127.0.0.1:9", 5)
    with pytest.raises(Unavailable, match="did not answer"):
        await gateway.portal_url(outward.yard.organisation, 60)


async def test_a_message_for_a_svix_that_is_no_longer_set_up_says_so(outward):
    outward.external = None
    async with outward.couriers():
        (sent,) = await outward.settled(await outward.ended_job())
    assert "RECTO_SVIX_TOKEN" in sent.error


def test_without_the_library_the_token_is_refused(monkeypatch):
    monkeypatch.setattr(external.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InvalidConfig, match=r"recto\[svix\]"):
        SvixGateway(TOKEN, None, 5)
