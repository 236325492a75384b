"""Signatures, verified by the two official libraries as receivers use them."""

import base64
import time
from uuid import uuid4

import pytest
import standardwebhooks
import svix
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import InvalidConfig
from recto.webhooks.signing import checked_secret, message_id, new_secret, signature, signed_headers

LIBRARIES = (svix.Webhook, standardwebhooks.Webhook)
BODY = b'{"status": "Completed", "job_id": "1", "metadata": null}'


def verify(library, secret, body, headers):
    library(secret).verify(body, headers)


@pytest.mark.parametrize("library", LIBRARIES)
@given(body=st.binary(max_size=200).map(lambda raw: b'"' + base64.b64encode(raw) + b'"'))
def test_the_official_libraries_verify_what_we_sign(library, body):
    secret = new_secret()
    verify(library, secret, body, signed_headers([secret], message_id(uuid4()), int(time.time()), body))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_receiver_with_the_old_or_the_new_secret_verifies_while_they_overlap(library):
    old, new, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers([new, old], "msg_1", int(time.time()), BODY)
    assert len(headers["svix-signature"].split(" ")) == 2
    for secret in (old, new):
        verify(library, secret, BODY, headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verify(library, other, BODY, headers)


@pytest.mark.parametrize("changed", ["body", "id", "timestamp"])
def test_whatever_is_changed_on_the_way_is_noticed(changed):
    secret = new_secret()
    headers = signed_headers([secret], "msg_1", int(time.time()), BODY)
    body = BODY.replace(b"Completed", b"Failed") if changed == "body" else BODY
    if changed != "body":
        headers[f"svix-{changed}"] = "msg_2" if changed == "id" else str(int(time.time()) - 60)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        svix.Webhook(secret).verify(body, headers)


def test_the_published_example():
    """The values of the specification's own example."""
    secret, timestamp = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed():
    assert signed_headers([], "msg_1", 1, BODY) == {}


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_short", "whsec_!!!", "x" * 60, "whsec_" + base64.b64encode(b"x" * 65).decode()],
)
def test_a_secret_that_could_not_sign_is_refused(text):
    with pytest.raises(InvalidConfig, match="whsec_"):
        checked_secret(text)


def test_a_secret_may_be_brought_along():
    secret = new_secret()
    assert checked_secret(secret) == secret
