import json

from recto.wire.masking import MASK, masked, raw_config


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
