"""Tokens of links and cursors: what opens, what does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import InvalidConfig, NotFound
from recto.storage import signed_urls
from recto.storage.signed_urls import CursorSigner, SignedObject, UrlSigner

SECRET = b"0123456789abcdef0123456789abcdef"


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have passed since the token was made, to be set."""
    real = signed_urls.time.time
    passed = [0.0]
    monkeypatch.setattr(
        signed_urls, "time", type("Clock", (), {"time": lambda self=None: real() + passed[0]})
    )
    return passed


@given(st.text(max_size=50), st.none() | st.text(max_size=50))
def test_a_token_brings_back_the_object(key, filename):
    signer = UrlSigner(SECRET)
    assert signer.open(signer.token(key, "GET", filename), "GET", 60) == SignedObject(key, filename)


def test_a_token_is_safe_in_a_path():
    token = UrlSigner(SECRET).token("a/b?c", "PUT", "ü ☃.pdf")
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert token.isascii()


def test_a_token_works_on_another_replica_but_not_under_another_secret():
    token = UrlSigner(SECRET).token("a/b", "GET")
    assert UrlSigner(SECRET).open(token, "GET", 60).key == "a/b"
    with pytest.raises(NotFound):
        UrlSigner(SECRET[::-1]).open(token, "GET", 60)


def test_a_token_is_bound_to_its_method():
    signer = UrlSigner(SECRET)
    for made_for, used_for in (("GET", "PUT"), ("PUT", "GET")):
        with pytest.raises(NotFound, match="not valid"):
            signer.open(signer.token("a/b", made_for), used_for, 60)


def test_a_token_expires(clock):
    signer = UrlSigner(SECRET)
    token = signer.token("a/b", "GET")
    clock[0] = 3598
    assert signer.open(token, "GET", 3600).key == "a/b"
    clock[0] = 3602
    with pytest.raises(NotFound, match="expired"):
        signer.open(token, "GET", 3600)


def test_a_token_of_a_clock_a_little_ahead_is_good_and_one_far_ahead_is_not(clock):
    signer = UrlSigner(SECRET)
    token = signer.token("a/b", "GET")
    clock[0] = -30
    assert signer.open(token, "GET", 3600).key == "a/b"
    clock[0] = -3600
    with pytest.raises(NotFound):
        signer.open(token, "GET", 3600)


def test_no_changed_character_goes_unnoticed():
    signer = UrlSigner(SECRET)
    token = signer.token("a/b", "GET")
    for at, character in enumerate(token[:-1]):  # the last one has bits that base64 ignores
        changed = token[:at] + ("A" if character != "A" else "B") + token[at + 1 :]
        with pytest.raises(NotFound):
            signer.open(changed, "GET", 60)


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "é", "x" * 10_000])
def test_junk_is_not_valid(token):
    with pytest.raises(NotFound, match="not valid"):
        UrlSigner(SECRET).open(token, "GET", 60)


def test_a_cursor_brings_back_its_values():
    signer = CursorSigner(SECRET)
    values = ["2026-01-01T00:00:00Z", 17, None, 1.5]
    assert signer.open_cursor(signer.sign_cursor(values)) == values


@pytest.mark.parametrize("text", ["", "junk", "WzFd.AAAA"])
def test_a_foreign_cursor_is_refused(text):
    with pytest.raises(InvalidConfig, match="cursor"):
        CursorSigner(SECRET).open_cursor(text)


def test_a_link_is_no_cursor_and_a_cursor_no_link():
    with pytest.raises(InvalidConfig):
        CursorSigner(SECRET).open_cursor(UrlSigner(SECRET).token("a", "GET"))
    with pytest.raises(NotFound):
        UrlSigner(SECRET).open(CursorSigner(SECRET).sign_cursor(["GET", "a", None]), "GET", 60)


@pytest.mark.parametrize("made", [UrlSigner, CursorSigner])
def test_a_short_secret_is_refused(made):
    with pytest.raises(ValueError, match="at least 16"):
        made(b"short")
