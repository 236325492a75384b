"""`recto webhooks`: endpoints, secrets, tests and replays from the command line, beside a running server."""

import json
import uuid

import pytest
import svix

from documents.serving import Answer, world


@pytest.fixture(scope="module")
def outside():
    with world() as made:
        yield made


@pytest.fixture
def hooks(recto, of_server):
    def run(*words):
        return recto("webhooks", *words, env=of_server | {"RECTO_ALLOWED_HOSTS": "127.0.0.1"})

    return run


def test_an_endpoint_s_life(hooks, outside):
    path = f"/cli/{uuid.uuid4().hex}"
    url = outside.put(path, Answer(status=410, body=b"not yet"), Answer(status=200))
    added = hooks("add", url, "--channel", path, "--description", "for the test")
    endpoint_id, secret = added.out.split()
    (line,) = [line for line in hooks("list").out.splitlines() if endpoint_id in line]
    assert url in line
    assert "enabled" in line

    message = hooks("test", endpoint_id).out.strip()
    (seen,) = outside.wait_for(path, 1)
    svix.Webhook(secret).verify(seen.body, seen.headers)
    for _ in range(100):
        if "failed" in (shown := hooks("show", message).out):
            break
    assert "answered 410" in shown
    assert json.loads(shown.splitlines()[0])["metadata"] == {"test": True}
    assert message in hooks("messages", "--failed").out

    for _ in range(100):
        if "disabled (it answered 410 (gone))" in hooks("list").out:
            break
    assert hooks("switch", endpoint_id, "--on").out.split() == [endpoint_id, "enabled"]
    again = hooks("replay", "--failed-since", "2020-01-01", "--endpoint", endpoint_id)
    assert again.out == "1 deliveries are sent again\n"
    outside.wait_for(path, 2)
    rotated = hooks("rotate", endpoint_id).out.strip()
    assert rotated.startswith("whsec_")
    assert rotated != secret
    assert hooks("replay", message).code == 0
    svix.Webhook(rotated).verify(*((last := outside.wait_for(path, 3)[-1]).body, last.headers))
    assert hooks("remove", endpoint_id).code == 0
    assert endpoint_id not in hooks("list").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "http://10.0.0.1/"), 1, "RECTO_ALLOWED_HOSTS"),
        (("add", "http://127.0.0.1:9/" + "x" * 2048), 1, "url is not valid"),
        (("remove", "nonsense"), 1, "no webhook endpoint"),
        (("show", "msg_nonsense"), 1, "no webhook message"),
        (("replay",), 2, "--failed-since"),
        (("rotate", str(uuid.UUID(int=7))), 1, "no webhook endpoint"),
    ],
)
def test_what_cannot_be_is_one_line(hooks, words, code, said):
    ended = hooks(*words)
    assert (ended.code, said in ended.err) == (code, True), ended.err
