"""Extract bodies of the older generation mean the same as their translation."""

import pydantic
import pytest

from recto.document.options import CitationOptions
from recto.wire.asynchronous import QueuePriority
from recto.wire.bodies import read_extract

SCHEMA = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}
OLD = {"document_url": "reducto://x", "schema": SCHEMA}
NEW = {"input": "reducto://x", "instructions": {"schema": SCHEMA}}


def asked(background=False, **body):
    return read_extract({**OLD, **body}, background=background)


def test_plain_bodies_mean_the_same_but_for_their_form():
    old, new = asked(), read_extract(NEW, background=False)
    assert (old.options.form, new.options.form) == ("v2", "v3")
    assert (
        old.options.schema
        == new.options.schema
        == '{"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}'
    )
    assert old.config.input == new.config.input == "reducto://x"
    assert old.background is None
    assert old.warnings == new.warnings == ()


@pytest.mark.parametrize(
    ("body", "citations"),
    [
        ({}, CitationOptions(enabled=False, numerical=False)),
        ({"generate_citations": True}, CitationOptions(enabled=True, numerical=False)),
        (
            {"generate_citations": True, "citations_options": {"numerical_confidence": True}},
            CitationOptions(enabled=True, numerical=True),
        ),
    ],
)
def test_citations(body, citations):
    assert asked(**body).options.citations == citations


def test_the_groups_of_the_parse_are_those_of_an_older_parse():
    request = asked(
        options={"extraction_mode": "ocr", "force_url_result": True},
        advanced_options={
            "page_range": {"start": 2},
            "document_password": "p",
            "table_output_format": "ai_json",
        },
    )
    assert request.parsing.read.extraction_mode == "ocr"
    assert request.parsing.read.pages[0].start == 2
    assert request.parsing.formats.table_format == "json"
    assert request.password == "p"
    assert request.options.force_url
    assert "ai_json" in request.warnings[0]


@pytest.mark.parametrize(
    ("background", "body", "priority"),
    [
        (False, {}, True),
        (False, {"priority": False}, False),
        (False, {"priority": False, "latency_sensitive": True}, True),
        (True, {}, False),
        (True, {"experimental_options": {"latency_sensitive": True}}, True),
    ],
)
def test_priority(background, body, priority):
    assert asked(background, **body).priority is priority


def test_a_background_call_has_its_webhook():
    webhook = {"mode": "direct", "url": "https://example.com/done", "metadata": {"order": 17}}
    request = asked(True, webhook=webhook)
    assert request.background.webhook.url == "https://example.com/done"
    assert request.background.metadata == {"order": 17}
    assert request.queue is QueuePriority.AUTO


@pytest.mark.parametrize(
    "body",
    [{"input": "x"}, {"instructions": {}}, {"settings": {}}, {"parsing": {}}, {"async": {}}, {"unknown": 1}],
)
def test_bodies_that_are_refused(body):
    with pytest.raises(pydantic.ValidationError):
        asked(**body)


def test_a_schema_is_needed():
    with pytest.raises(pydantic.ValidationError, match="schema"):
        read_extract({"document_url": "x"}, background=False)


@pytest.mark.parametrize(
    ("path_is_background", "given"), [(False, {"async": {}}), (True, {}), (True, {"async": None})]
)
def test_what_makes_a_body_of_today_a_background_call(path_is_background, given):
    request = read_extract({**NEW, **given}, background=path_is_background)
    assert request.background is not None
    assert read_extract({**NEW, "async": None}, background=False).background is None


def test_the_queue_is_chosen_by_the_background_path_only():
    body = {**NEW, "async": {}, "queue_priority": "batch"}
    assert read_extract(body, background=True).queue is QueuePriority.BATCH
    assert read_extract(body, background=False).queue is QueuePriority.AUTO
