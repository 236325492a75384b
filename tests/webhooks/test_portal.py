"""The portal that POST /configure_webhook leads to: its pages and forms, used as a browser does, without a key."""

import html
import re
import time
import uuid
from urllib.parse import urlsplit

import httpx
import pytest
from reducto import Reducto

from documents.serving import Answer
from recto.storage.signed_urls import PortalSigner


@pytest.fixture(scope="module")
def http(server):
    with httpx.Client(base_url=server.url, headers=server.headers, timeout=60) as made:
        yield made


@pytest.fixture
def portal(http):
    return http.post("/configure_webhook").json()


@pytest.fixture
def browser():
    with httpx.Client(follow_redirects=True, timeout=30) as made:
        yield made


def forms(page):
    """The page's forms by the word on their button: (action, fields)."""
    found = {}
    for action, inside in re.findall(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL):
        fields = dict(re.findall(r'name="([^"]*)"[^>]*value="([^"]*)"', inside))
        label = re.search(r"<button>(.*?)</button>", inside)[1]
        found[label] = (html.unescape(action), {key: html.unescape(one) for key, one in fields.items()})
    return found


def press(browser, page, label, **fields):
    """Fill a form in and press its button."""
    action, given = forms(page)[label]
    assert action.startswith("/recto/webhooks/"), action
    answer = browser.post(str(page.url.join(action)), data=given | fields)
    assert answer.status_code == 200, answer.text
    return answer


def add(browser, portal, url, **fields):
    return press(browser, browser.get(portal), "Add the endpoint", url=url, **fields)


def test_the_vendor_s_client_gets_the_link(server):
    link = Reducto(api_key=server.key, base_url=server.url).webhook.run()
    assert link.strip('"').startswith(f"{server.url}/recto/webhooks/")


def test_an_endpoint_s_life_in_the_portal(browser, http, portal, outside):
    path = f"/portal/{uuid.uuid4().hex}"
    url = outside.put(path, Answer(status=200, body=b"<b>thanks</b>"))
    page = add(browser, portal, url, description="orders & <i>more</i>", channels="never, used")
    assert "The endpoint is there" in page.text
    endpoint_id = page.url.path.rpartition("/")[2]
    shown = http.get(f"/recto/v1/webhooks/endpoints/{endpoint_id}").json()
    assert (shown["description"], shown["channels"]) == ("orders & <i>more</i>", ["never", "used"])
    secret = http.get(f"/recto/v1/webhooks/endpoints/{endpoint_id}/secret").json()["secret"]
    assert html.escape(secret) in page.text

    page = press(browser, page, "Send a test")
    (seen,) = outside.wait_for(path, 1)
    until = time.monotonic() + 10
    while "1 delivered" not in (page := browser.get(str(page.url))).text:
        assert time.monotonic() < until
        time.sleep(0.05)
    message = browser.get(f"{portal}/messages/{seen.headers['svix-id']}")
    assert "&lt;b&gt;thanks&lt;/b&gt;" in message.text
    assert "<b>thanks" not in message.text
    message = press(browser, message, "Send again")
    assert "It is sent again" in message.text
    assert len(outside.wait_for(path, 2)) == 2

    page = press(browser, page, "Rotate the secret")
    assert html.escape(secret) not in page.text
    page = press(browser, page, "Save", description="invoices", channels="")
    shown = http.get(f"/recto/v1/webhooks/endpoints/{endpoint_id}").json()
    assert (shown["description"], shown["channels"]) == ("invoices", None)
    page = press(browser, page, "Switch off")
    assert "disabled: it was switched off" in page.text
    assert "Send a test" not in forms(page)
    page = press(browser, page, "Switch on")
    page = press(browser, page, "Send all failed of the last 24 hours again")
    assert "nothing to send again" in page.text
    page = press(browser, page, "Remove")
    assert str(page.url).startswith(portal)
    assert url not in page.text
    assert http.get(f"/recto/v1/webhooks/endpoints/{endpoint_id}").status_code == 404


def test_what_is_wrong_is_said(browser, portal):
    page = browser.get(portal)
    action, fields = forms(page)["Add the endpoint"]
    for url, status in (("http://10.0.0.1/", 403), ("", 422), ("javascript:alert(1)", 403)):
        answer = browser.post(str(page.url.join(action)), data=fields | {"url": url})
        assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)
    assert browser.post(str(page.url.join(action)), data={"url": "x" * 70_000}).status_code == 413


def test_its_pages_run_and_load_nothing_and_are_kept_nowhere(browser, portal):
    page = browser.get(portal)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert not re.search(r"<script|\son\w+=|<link|<img|https?://(?!127)", page.text)
    assert "set-cookie" not in page.headers
    assert page.headers["content-type"].startswith("text/html")


def test_a_forged_link_opens_nothing(browser, portal):
    other = PortalSigner(b"another server's secret").token(uuid.uuid4())
    for token in (other, portal.rpartition("/")[2][:-1] + "x", "x"):
        at = portal.rpartition("/")[0] + "/" + token
        assert browser.get(at).status_code == 404
        assert browser.post(f"{at}/endpoints", data={"url": "http://127.0.0.1:9/"}).status_code == 404
        assert browser.post(f"{at}/replay").status_code == 404


def test_a_link_of_one_purpose_opens_nothing_else(server, browser, portal):
    token = portal.rpartition("/")[2]
    assert browser.get(f"{server.url}/recto/v1/objects/{token}").status_code == 404


def test_another_organisation_s_link_shows_and_changes_nothing_of_ours(
    server, browser, http, portal, other_key
):
    mine = add(browser, portal, "http://127.0.0.1:9/mine").url.path.rpartition("/")[2]
    headers = {"authorization": f"Bearer {other_key}"}
    theirs = httpx.post(f"{server.url}/configure_webhook", headers=headers).json()
    assert "127.0.0.1:9/mine" not in browser.get(theirs).text
    assert browser.get(f"{theirs}/endpoints/{mine}").status_code == 404
    for action in ("test", "switch", "rotate", "replay", "remove"):
        assert browser.post(f"{theirs}/endpoints/{mine}/{action}").status_code == 404
    assert http.delete(f"/recto/v1/webhooks/endpoints/{mine}").status_code == 200


def test_an_expired_link_says_how_to_get_another(monkeypatch):
    from recto.errors import NotFound  # noqa: PLC0415
    from recto.storage import signed_urls  # noqa: PLC0415

    signer, organisation = PortalSigner(b"a secret of sixteen"), uuid.uuid4()
    token = signer.token(organisation)
    assert signer.open(token, 3600) == organisation
    now = time.time()
    monkeypatch.setattr(signed_urls.time, "time", lambda: now + 3602)
    with pytest.raises(NotFound, match="/configure_webhook"):
        signer.open(token, 3600)


def test_the_log_holds_no_token(server, browser, portal):
    browser.get(portal)
    assert portal.rpartition("/")[2] not in server.log.read_text()
    assert urlsplit(portal).path.startswith("/recto/webhooks/")
