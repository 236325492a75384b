import json

import pytest

from recto.wire.masking import MASK, brief, masked, raw_config


def test_passwords_are_masked_at_any_depth():
    body = {
        "input": "x",
        "settings": {"document_password": "secret", "timeout": 3},
        "list": [{"document_password": "other"}, {"document_password": None}],
    }
    shown = masked(body)
    assert shown["settings"] == {"document_password": MASK, "timeout": 3}
    assert shown["list"] == [{"document_password": MASK}, {"document_password": None}]
    assert body["settings"]["document_password"] == "secret"


def test_the_stored_request_is_json_without_secrets():
    text = raw_config({"input": "ü", "settings": {"document_password": "secret"}})
    assert "secret" not in text
    assert json.loads(text)["input"] == "ü"


def test_a_secret_is_found_however_its_key_was_written():
    body = json.loads('{"a": {"\\u0064ocument_password": "secret"}}')
    assert json.loads(raw_config(body)) == {"a": {"document_password": MASK}}


@pytest.mark.parametrize("key", ["async", "webhook"])
def test_long_metadata_is_left_out_of_the_stored_request(key):
    body = {"input": "x", key: {"metadata": ["é" * 10_000], "priority": True}}
    stored = json.loads(raw_config(body))
    assert "10004 characters" in stored[key]["metadata"]
    assert stored[key]["priority"] is True
    assert body[key]["metadata"] == ["é" * 10_000]
    short = {"input": "y" * 10_000, key: {"metadata": {"a": 1}}}
    assert json.loads(raw_config(short)) == short


def test_half_a_character_is_stored_escaped():
    body = {"async": {"metadata": "\ud800"}, "settings": {"document_password": "secret"}}
    text = raw_config(body)
    assert json.loads(text.encode())["async"]["metadata"] == "\ud800"
    assert "secret" not in text


def test_a_brief_value_keeps_what_is_short():
    value = {"a": [1, 2.5, None, True, "é"], "b": {"c": {}}}
    assert brief(value) == value


def test_a_brief_value_is_short_whatever_it_was():
    deep = []
    for _ in range(2000):
        deep = [deep]
    endless = {f"{n}" * 1000: [["x" * 10_000] * 1000] * 1000 for n in range(1000)}
    for value in (deep, endless, "x" * 10**6, list(range(10**6)), b"x" * 10**6, 10**400):
        text = json.dumps(brief(value))
        assert len(text) < 100_000
        assert "\\u2026" in text


def test_a_brief_value_has_no_secrets():
    assert brief({"a": [{"document_password": ["secret"]}]}) == {"a": [{"document_password": MASK}]}
