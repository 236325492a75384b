import pytest
from pydantic import ValidationError

from recto.wire.bodies import read_parse, read_pipeline

DOCUMENT = "https://example.com/a.pdf"


def test_an_async_object_makes_a_parse_a_background_call():
    assert read_parse({"input": DOCUMENT}, background=False).background is None
    assert read_parse({"input": DOCUMENT, "async": None}, background=False).background is None
    request = read_parse({"input": DOCUMENT, "async": {}}, background=False)
    assert request.background is not None
    assert request.background.webhook is None
    assert read_parse({"input": DOCUMENT}, background=True).background is not None
    assert read_parse({"input": DOCUMENT, "async": None}, background=True).background is not None


def test_an_async_that_is_no_object_is_refused():
    with pytest.raises(ValidationError) as caught:
        read_parse({"input": DOCUMENT, "async": True}, background=False)
    assert caught.value.errors()[0]["loc"] == ("async",)


def test_lane_and_metadata_are_read():
    request = read_parse(
        {"input": DOCUMENT, "async": {"priority": True, "metadata": {"a": 1}}, "queue_priority": "batch"},
        background=True,
    )
    assert (request.priority, request.queue) == (True, "batch")
    assert request.background.metadata == {"a": 1}


def test_the_batch_queue_needs_the_background_endpoint():
    body = {"input": DOCUMENT, "async": {}, "queue_priority": "batch"}
    assert read_parse(body, background=False).queue == "auto"


@pytest.mark.parametrize("listed", [[], ["a", "b"]])
def test_a_parse_reads_one_document(listed):
    with pytest.raises(ValidationError) as caught:
        read_parse({"input": listed}, background=False)
    assert caught.value.errors()[0]["loc"] == ("input",)
    assert f"{len(listed)} were given" in caught.value.errors()[0]["msg"]


def test_a_list_of_one_is_one_document():
    assert read_parse({"input": [DOCUMENT]}, background=True).config.input == [DOCUMENT]


@pytest.mark.parametrize("body", [None, [], "x", 3])
def test_a_body_is_an_object(body):
    for read in (read_parse, read_pipeline):
        with pytest.raises(ValidationError) as caught:
            read(body, background=True)
        assert "JSON object" in caught.value.errors()[0]["msg"]


def test_a_pipeline_call():
    request = read_pipeline({"input": ["a", "b"], "pipeline_id": "k1"}, background=True)
    assert request.config.input == ["a", "b"]
    assert request.background is not None
    assert request.warnings == ()


def test_async_on_a_waiting_pipeline_is_ignored_and_said():
    request = read_pipeline(
        {"input": "a", "pipeline_id": "k1", "async": {"priority": True}}, background=False
    )
    assert request.background is None
    assert not request.priority
    assert request.warnings == ("async is not a known setting: it was ignored.",)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"input": "a"}, ("pipeline_id",)),
        ({"pipeline_id": "k"}, ("input",)),
        ({"input": "a", "pipeline_id": "k", "settings": {"timeout": 1}}, ("settings", "timeout")),
        ({"input": "a", "pipeline_id": "k", "settings": None}, ("settings",)),
    ],
)
def test_wrong_pipeline_calls_are_refused(body, place):
    for background in (True, False):
        with pytest.raises(ValidationError) as caught:
            read_pipeline(body, background=background)
        assert [error["loc"] for error in caught.value.errors()] == [place]


def test_other_keys_beside_are_tolerated():
    request = read_pipeline({"input": "a", "pipeline_id": "k", "options2": 1}, background=False)
    assert request.warnings == ("options2 is not a known setting: it was ignored.",)
