import pytest
from pydantic import ValidationError

from recto.wire.asynchronous import AsyncConfig, DirectWebhookConfig, SvixWebhookConfig


def webhook(given):
    return AsyncConfig.model_validate({"webhook": given}).webhook


def test_without_a_mode_a_url_decides():
    assert webhook({"url": "https://example.com/hook"}) == DirectWebhookConfig(url="https://example.com/hook")
    assert webhook({}) == SvixWebhookConfig()
    assert webhook({"channels": ["a"]}) == SvixWebhookConfig(channels=["a"])
    assert webhook(None) is None


def test_the_mode_wins_over_a_url():
    assert isinstance(webhook({"mode": "svix", "url": "https://example.com"}), SvixWebhookConfig)
    assert webhook({"mode": "direct", "url": "https://example.com"}).url == "https://example.com"


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        ({"mode": "direct"}, ("webhook", "direct", "url"), "Field required"),
        ({"mode": "post"}, ("webhook",), "svix"),
        ("https://example.com", ("webhook",), "direct"),
        ({"channels": "a"}, ("webhook", "svix", "channels"), "list"),
    ],
)
def test_a_wrong_webhook_is_one_error(given, place, said):
    with pytest.raises(ValidationError) as caught:
        webhook(given)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert said in error["msg"]


@pytest.mark.parametrize("metadata", [None, 0, "text", [1, {"a": None}], {"deep": {"er": []}}])
def test_metadata_is_kept_as_it_is(metadata):
    assert AsyncConfig.model_validate({"metadata": metadata}).metadata == metadata
