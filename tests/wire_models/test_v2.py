"""What bodies of the older generation mean today, option by option."""

import pytest
from pydantic import ValidationError

from recto.document.options import PageSpan
from recto.wire.asynchronous import DirectWebhookConfig, SvixWebhookConfig
from recto.wire.bodies import read_parse, read_pipeline
from recto.wire.parse import AsyncParseConfig, to_options
from recto.wire.v2 import is_old


def old(**groups):
    return read_parse({"document_url": "https://example.com/a.pdf", **groups}, background=False)


def plan_of(**groups):
    return to_options(old(**groups).config)[0]


def test_the_older_defaults_that_show_in_the_result_stay():
    request = old()
    plan, password, warnings = to_options(request.config)
    assert request.config.input == "https://example.com/a.pdf"
    assert plan.chunks.mode == "variable"
    assert plan.formats.table_format == "html"
    assert plan.read.pages == ()
    assert password is None
    assert (request.warnings, warnings) == ((), ())
    assert request.background is None
    assert request.priority


def test_text_is_only_recognised_where_that_was_asked_for():
    assert plan_of().read.extraction_mode == "hybrid"
    assert plan_of(options={"extraction_mode": "ocr"}).read.extraction_mode == "ocr"
    assert plan_of(options={"extraction_mode": "metadata"}).read.extraction_mode == "hybrid"


def test_served_options_are_translated():
    request = old(
        options={
            "chunking": {"chunk_mode": "page", "chunk_size": 500, "chunk_overlap": 9},
            "table_summary": {"enabled": True},
            "filter_blocks": ["Footer"],
            "force_url_result": True,
        },
        advanced_options={
            "ocr_system": "legacy",
            "table_output_format": "csv",
            "merge_tables": True,
            "page_range": [{"start": 2, "end": 3}],
            "force_file_extension": ".pdf",
            "add_page_markers": True,
            "return_ocr_data": True,
            "document_password": "secret",
            "persist_results": True,
        },
        experimental_options={"user_specified_timeout_seconds": 30},
        priority=False,
    )
    plan, password, warnings = to_options(request.config)
    assert (plan.chunks.mode, plan.chunks.size, plan.chunks.overlap) == ("page", 500, 9)
    assert plan.formats.embedding_optimized
    assert plan.formats.filter_blocks == ("Footer",)
    assert plan.formats.table_format == "csv"
    assert plan.formats.merge_tables
    assert plan.formats.page_markers
    assert plan.read.ocr_system == "legacy"
    assert plan.read.pages == (PageSpan(2, 3),)
    assert plan.read.force_extension == ".pdf"
    assert plan.read.ocr_data
    assert plan.read.timeout_s == 30
    assert plan.result.force_url
    assert plan.result.persist
    assert password == "secret"
    assert not request.priority
    assert (request.warnings, warnings) == ((), ())


def test_unserved_options_arrive_under_todays_names_and_are_warned_of():
    config = old(
        options={"ocr_mode": "agentic"},
        advanced_options={
            "include_formula_information": True,
            "exclude_hidden_rows_cols": True,
            "spreadsheet_table_clustering": "intelligent",
            "read_comments": True,
        },
        experimental_options={"detect_signatures": True, "return_page_images": True},
    ).config
    assert [entry.scope for entry in config.enhance.agentic] == ["table", "text"]
    assert config.spreadsheet.include == ["formula"]
    assert config.spreadsheet.exclude == ["hidden_rows", "hidden_cols"]
    assert config.spreadsheet.clustering == "accurate"
    assert config.formatting.include == ["comments", "signatures"]
    assert config.settings.return_images == ["page"]
    warned = to_options(config)[2]
    assert {warning.split(" ")[0] for warning in warned} == {
        "enhance.agentic",
        "spreadsheet.include",
        "spreadsheet.exclude",
    }


def test_what_has_no_name_today_is_warned_of_under_its_own():
    request = old(
        options={"figure_summary": {"enabled": True}},
        advanced_options={"table_output_format": "ai_json", "keep_line_breaks": True},
        experimental_options={"shadow": 1},
    )
    said = " ".join(request.warnings)
    for name in ("options.figure_summary.enabled", "advanced_options.keep_line_breaks", "ai_json", "shadow"):
        assert name in said
    assert request.config.formatting.table_output_format == "json"


def in_background(**keys):
    return read_parse({"document_url": "https://example.com/a.pdf", **keys}, background=True)


def test_a_flat_webhook_becomes_an_async_object():
    request = in_background(
        webhook={"mode": "direct", "url": "https://example.com/hook", "metadata": [1]},
        priority=True,
        queue_priority="batch",
    )
    assert isinstance(request.config, AsyncParseConfig)
    assert request.background.webhook == DirectWebhookConfig(url="https://example.com/hook")
    assert request.background.metadata == [1]
    assert request.priority
    assert request.queue == "batch"


def test_svix_and_disabled_webhooks():
    assert in_background(webhook={"mode": "svix", "channels": ["a"]}).background.webhook.channels == ["a"]
    assert in_background(webhook={"mode": "svix"}).background.webhook == SvixWebhookConfig()
    assert in_background(webhook={"url": "https://example.com"}).background.webhook is None
    assert not in_background().priority


def test_a_direct_webhook_needs_an_address():
    with pytest.raises(ValidationError) as caught:
        in_background(webhook={"mode": "direct"})
    assert caught.value.errors()[0]["loc"] == ("webhook", "url")


def test_latency_is_asked_for_as_priority():
    assert old(priority=False, experimental_options={"latency_sensitive": True}).priority


@pytest.mark.parametrize("body", [{"typo": 1}, {"webhook": {}}, {"pipeline_id": "k"}])
def test_unknown_keys_at_the_top_are_refused(body):
    with pytest.raises(ValidationError) as caught:
        old(**body)
    assert caught.value.errors()[0]["type"] == "extra_forbidden"


def test_mixing_the_generations_names_both_sides():
    with pytest.raises(ValidationError) as caught:
        is_old({"document_url": "x", "advanced_options": {}, "input": "y"})
    (error,) = caught.value.errors()
    assert "advanced_options, document_url" in error["msg"]
    assert "input" in error["msg"]
    with pytest.raises(ValidationError):
        is_old({"input": "x", "webhook": {}})


def test_pipelines_translate():
    request = read_pipeline(
        {"document_url": ["a", "b"], "pipeline_id": "k1", "settings": {"document_password": "s"}},
        background=False,
    )
    assert request.config.input == ["a", "b"]
    assert request.config.pipeline_id == "k1"
    assert request.config.settings.document_password == "s"
    assert request.background is None
    later = read_pipeline(
        {"document_url": "a", "pipeline_id": "k1", "priority": True, "webhook": {"mode": "svix"}},
        background=True,
    )
    assert later.priority
    assert later.background.webhook == SvixWebhookConfig()
