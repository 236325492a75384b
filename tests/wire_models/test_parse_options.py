import pytest
from pydantic import ValidationError

from recto.document.options import ChunkOptions, PageSpan, ResultOptions
from recto.document.options import ParseOptions as ParsePlan
from recto.errors import InvalidConfig
from recto.wire.parse import AsyncParseConfig, SyncParseConfig
from recto.wire.parse_options import ParseOptions, group_values, to_options


def asked(**groups):
    return SyncParseConfig.model_validate({"input": "https://example.com/a.pdf", **groups})


def plan_of(**groups):
    return to_options(asked(**groups))[0]


def warnings_for(**groups):
    return to_options(asked(**groups))[2]


def test_nothing_asked_is_every_default():
    assert to_options(asked()) == (ParsePlan(), None, ())


def test_every_served_option_arrives():
    plan, password, warnings = to_options(
        asked(
            retrieval={
                "chunking": {"chunk_mode": "section", "chunk_size": 800, "chunk_overlap": 20},
                "filter_blocks": ["Header", "Footer", "Header"],
                "embedding_optimized": True,
            },
            formatting={
                "add_page_markers": True,
                "table_output_format": "md",
                "merge_tables": True,
                "include": [
                    "comments",
                    "hyperlinks",
                    "highlight",
                    "signatures",
                    "ignore_watermarks",
                    "comments",
                ],
            },
            settings={
                "ocr_system": "legacy",
                "extraction_mode": "ocr",
                "force_url_result": True,
                "force_file_extension": "PNG",
                "return_ocr_data": True,
                "return_images": ["page", "table", "page"],
                "extract_document_properties": True,
                "persist_results": True,
                "timeout": 12.5,
                "document_password": "secret",
            },
        )
    )
    assert plan.chunks == ChunkOptions("section", 800, 20)
    assert plan.formats.table_format == "md"
    assert plan.formats.merge_tables
    assert plan.formats.page_markers
    assert plan.formats.embedding_optimized
    assert plan.formats.filter_blocks == ("Header", "Footer")
    assert plan.read.ocr_system == "legacy"
    assert plan.read.extraction_mode == "ocr"
    assert plan.read.force_extension == ".png"
    assert plan.read.ocr_data
    assert plan.read.images == ("page", "table")
    assert plan.read.document_properties
    assert plan.read.include == ("comments", "hyperlinks", "highlight", "signatures", "ignore_watermarks")
    assert plan.read.timeout_s == 12.5
    assert plan.result == ResultOptions(force_url=True, persist=True)
    assert password == "secret"
    assert warnings == ()


@pytest.mark.parametrize(
    ("given", "spans"),
    [
        (None, ()),
        ({}, ()),
        ([], ()),
        ({"start": 2, "end": 5}, (PageSpan(2, 5),)),
        ({"start": 3}, (PageSpan(3, None),)),
        ({"end": 3}, (PageSpan(None, 3),)),
        ([{"start": 9, "end": 9}, {"start": 1, "end": 2}], (PageSpan(9, 9), PageSpan(1, 2))),
        ([{"start": 9}, {}], ()),
        ([7, 1, 2, 3, 2, 9], (PageSpan(1, 3), PageSpan(7, 7), PageSpan(9, 9))),
    ],
)
def test_every_form_of_page_range(given, spans):
    assert plan_of(settings={"page_range": given}).read.pages == spans


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"start": 5, "end": 2}, "ends at 2, before its start 5"),
        ([{"start": 1}, {"start": 3, "end": 1}], "before its start 3"),
        ({"start": 0}, "page 0 does not exist"),
        ([1, -4], "page -4 does not exist"),
        ("1-3", "a page range has a start and an end"),
    ],
)
def test_page_ranges_that_make_no_sense_are_one_clear_error(given, said):
    with pytest.raises(ValidationError) as caught:
        asked(settings={"page_range": given})
    (error,) = caught.value.errors()
    assert said in error["msg"]
    assert error["loc"][:2] == ("settings", "page_range")


def test_sheet_names_are_refused_by_name():
    with pytest.raises(InvalidConfig, match=r"'Costs 2024'.*only spreadsheets have sheets"):
        plan_of(settings={"page_range": ["Costs 2024"]})


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"retrieval": {"chunking": {"chunk_size": 0}}}, "chunk_size is 0"),
        ({"retrieval": {"chunking": {"chunk_overlap": -1}}}, "chunk_overlap is -1"),
        ({"settings": {"timeout": 0}}, "timeout is 0"),
        ({"settings": {"timeout": float("nan")}}, "timeout is nan"),
        ({"settings": {"force_file_extension": "../x"}}, "force_file_extension"),
    ],
)
def test_values_that_make_no_sense_are_refused(groups, said):
    with pytest.raises(InvalidConfig, match=said):
        plan_of(**groups)


@pytest.mark.parametrize("empty", ["", None])
def test_no_forced_extension(empty):
    assert plan_of(settings={"force_file_extension": empty}).read.force_extension is None


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        ({"enhance": {"agentic": [{"scope": "table"}]}}, "enhance.agentic"),
        ({"enhance": {"intelligent_ordering": True}}, "enhance.intelligent_ordering"),
        ({"formatting": {"include": ["change_tracking"]}}, "formatting.include: change_tracking"),
        ({"spreadsheet": {"clustering": "fast"}}, "spreadsheet.clustering"),
        ({"spreadsheet": {"split_large_tables": {"size": {"row": 9}}}}, "spreadsheet.split_large_tables"),
        ({"settings": {"return_citations": True}}, "settings.return_citations"),
    ],
)
def test_what_is_not_served_is_said(groups, path):
    (warning,) = warnings_for(**groups)
    assert warning == f"{path} is not available on this server yet: it was ignored."


def test_what_is_not_done_anyway_can_be_switched_off_quietly():
    assert warnings_for(enhance={"summarize_figures": False}) == ()


def test_the_vendors_own_machinery_is_accepted_quietly():
    assert warnings_for(settings={"model": "r-1", "hybrid_vpc": {"environment": "eu"}}) == ()


def test_unknown_keys_are_named_with_the_nearest_known_one():
    warnings = warnings_for(
        settings={"alpha": {"any": 1}, "retrun_ocr_data": True},
        retrieval={"chunking": {"mode": "page"}},
        extra=1,
    )
    assert any(warning.startswith("settings.alpha is not a known setting") for warning in warnings)
    assert any("did you mean return_ocr_data?" in warning for warning in warnings)
    assert any(warning.startswith("retrieval.chunking.mode ") for warning in warnings)
    assert any(warning.startswith("extra ") for warning in warnings)
    assert len(warnings) == 4


def test_unknown_keys_in_a_list_are_found():
    config = asked(enhance={"agentic": [{"scope": "text"}, {"scope": "table", "promt": "x"}]})
    assert any("enhance.agentic[1].promt" in warning for warning in to_options(config)[2])


def test_the_background_request_has_the_same_options():
    config = AsyncParseConfig.model_validate(
        {"input": "x", "async": {}, "settings": {"persist_results": True}}
    )
    assert to_options(config)[0].result.persist
    assert to_options(config)[2] == ()


def test_the_groups_alone_have_a_meaning():
    assert to_options(ParseOptions())[0] == ParsePlan()
    assert set(group_values(asked())) == {"enhance", "retrieval", "formatting", "spreadsheet", "settings"}


def test_requests_do_not_share_their_defaults():
    one, two = asked(), asked()
    one.retrieval.filter_blocks.append("Text")
    assert two.retrieval.filter_blocks == []


@pytest.mark.parametrize(
    ("groups", "place"),
    [
        ({"retrieval": {"chunking": {"chunk_mode": "pages"}}}, ("retrieval", "chunking", "chunk_mode")),
        (
            {"enhance": {"agentic": [{"scope": "table", "mode": "all"}]}},
            ("enhance", "agentic", 0, "table", "mode"),
        ),
        ({"settings": {"embed_pdf_metadata_dpi": 20}}, ("settings", "embed_pdf_metadata_dpi")),
        (
            {"settings": {"tenant_throttling": {"tenant_id": "", "max_share": 1}}},
            ("settings", "tenant_throttling", "tenant_id"),
        ),
    ],
)
def test_a_wrong_value_is_one_error_with_its_place(groups, place):
    with pytest.raises(ValidationError) as caught:
        asked(**groups)
    assert [error["loc"] for error in caught.value.errors()] == [place]
