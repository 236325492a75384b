import io
import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.geometry import Box
from recto.document.page import FormField
from recto.document.result import ParseResult
from recto.errors import Internal
from recto.wire.parse_result import BATCH, FullResult, bounding_box, full_result, write_full_result
from wire_models.parsed import block, chunk, page_info, parsed, table_block, word

PAGES = {1: page_info()}


def written(result, **options):
    file = io.BytesIO()
    count = write_full_result(result, file, **options)
    assert count == len(file.getvalue())
    return json.loads(file.getvalue())


def test_boxes_are_shares_of_their_page():
    assert bounding_box(Box(61.2, 79.2, 306.0, 396.0), 1, PAGES) == {
        "left": 0.1,
        "top": 0.1,
        "width": 0.4,
        "height": 0.4,
        "page": 1,
        "original_page": 1,
    }


def test_a_page_counts_among_those_read_and_in_the_document():
    result = parsed(block(page=7), pages=[page_info(5, 1), page_info(7, 2)])
    bbox = full_result(result)["chunks"][0]["blocks"][0]["bbox"]
    assert (bbox["page"], bbox["original_page"]) == (2, 7)


@given(st.tuples(*[st.floats(-2000, 2000)] * 4), st.floats(0, 2000), st.floats(0, 2000))
def test_boxes_never_leave_the_page(corners, width, height):
    bbox = bounding_box(Box(*corners), 1, {1: page_info(width=width, height=height)})
    assert 0 <= bbox["left"] <= bbox["left"] + bbox["width"] <= 1 + 1e-6
    assert 0 <= bbox["top"] <= bbox["top"] + bbox["height"] <= 1 + 1e-6
    assert min(bbox["width"], bbox["height"]) >= 0


def test_a_box_that_is_no_number_is_empty():
    bbox = bounding_box(Box(math.nan, 0, math.nan, 10), 1, PAGES)
    assert (bbox["left"], bbox["width"]) == (0, 0)


def test_content_of_a_page_that_was_not_read_is_our_defect():
    with pytest.raises(Internal, match="page 9"):
        full_result(parsed(block(page=9)))


@pytest.mark.parametrize(("confidence", "label"), [(1.0, "high"), (0.9, "high"), (0.8999, "low"), (0, "low")])
def test_confidence_has_a_label_and_a_number(confidence, label):
    shown = full_result(parsed(block(confidence=confidence)))["chunks"][0]["blocks"][0]
    assert shown["confidence"] == label
    assert shown["granular_confidence"] == {"extract_confidence": None, "parse_confidence": confidence}


def test_nullable_keys_are_there_and_an_empty_extra_is_not():
    result = full_result(parsed())
    assert result["ocr"] is None
    assert result["custom"] is None
    only = result["chunks"][0]
    assert only["enriched"] is None
    assert only["enrichment_success"] is False
    assert set(only["blocks"][0]) == {
        "type",
        "bbox",
        "content",
        "image_url",
        "chart_data",
        "confidence",
        "granular_confidence",
        "merged_tables",
    }


def test_form_fields_and_the_author_of_a_comment_are_extra():
    field = FormField(
        "city", "choice", Box(61.2, 79.2, 122.4, 158.4), "Town", "Oslo", options=("Oslo", "Bergen")
    )
    ticked = FormField("", "checkbox", Box(0, 0, 61.2, 79.2), checked=True)
    parts = parsed(block("Key Value", fields=(field, ticked)), block("Comment", author="Ada"))
    pair, comment = full_result(parts)["chunks"][0]["blocks"]
    assert pair["extra"]["form_fields"] == [
        {
            "name": "city",
            "label": "Town",
            "type": "choice",
            "value": "Oslo",
            "checked": None,
            "options": ["Oslo", "Bergen"],
            "bbox": {"left": 0.1, "top": 0.1, "width": 0.1, "height": 0.1, "page": 1, "original_page": 1},
        },
        {
            "name": "",
            "label": None,
            "type": "checkbox",
            "value": "",
            "checked": True,
            "options": None,
            "bbox": {"left": 0.0, "top": 0.0, "width": 0.1, "height": 0.1, "page": 1, "original_page": 1},
        },
    ]
    assert comment["extra"] == {"author": "Ada"}


def test_fields_of_a_merged_table_stand_on_the_pages_of_its_parts():
    field = FormField("sum", "text", Box(61.2, 79.2, 122.4, 158.4), value="1")
    parts = tuple(table_block(page=page, fields=(field,)) for page in (1, 2))
    result = parsed(table_block(fragments=parts, fields=(field,)), pages=[page_info(1, 1), page_info(2, 2)])
    fields = full_result(result)["chunks"][0]["blocks"][0]["extra"]["form_fields"]
    assert [one["bbox"]["page"] for one in fields] == [1, 2]


def test_the_parts_of_a_merged_table_are_told():
    parts = (table_block(page=1), table_block(page=2))
    result = parsed(table_block(fragments=parts), pages=[page_info(1, 1), page_info(2, 2)])
    merged = full_result(result, fragment_text=lambda part: f"part on {part.page}")
    found = merged["chunks"][0]["blocks"][0]["merged_tables"]
    assert [part["content"] for part in found] == ["part on 1", "part on 2"]
    assert [part["bbox"]["page"] for part in found] == [1, 2]
    assert full_result(result)["chunks"][0]["blocks"][0]["merged_tables"][0]["content"] == "Item\tPrice"


def test_recognised_text_is_told_where_its_page_has_a_block():
    result = parsed(
        block(page=1),
        pages=[page_info(1, 1), page_info(2, 2)],
        words=(word("kept", confidence=0.93456, chunk_index=0, rotation=-90), word("dropped", page=2)),
        lines=(word("kept line"),),
    )
    ocr = full_result(result)["ocr"]
    assert [entry["text"] for entry in ocr["words"]] == ["kept"]
    assert ocr["words"][0]["confidence"] == 0.9346
    assert ocr["words"][0]["rotation"] == 270
    assert ocr["words"][0]["chunk_index"] == 0
    assert [entry["text"] for entry in ocr["lines"]] == ["kept line"]
    assert ocr["lines"][0]["rotation"] is None


def test_each_page_tells_how_it_was_read():
    pages = full_result(parsed(block(page=3), pages=[page_info(3, 1, route="ocr", reason="no text")]))[
        "pages"
    ]
    assert pages == [
        {
            "page": 1,
            "original_page": 3,
            "width": 612.0,
            "height": 792.0,
            "rotation": 0,
            "route": "ocr",
            "reason": "no text",
        }
    ]


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_the_file_says_what_the_values_say(count):
    many = [block(text=f"paragraph {number}") for number in range(count)]
    result = ParseResult(
        chunks=(chunk(*many), chunk(block("Title", text="Ende ü"))),
        pages=(page_info(),),
        words=tuple(word(f"w{number}") for number in range(count)),
        lines=(),
    )
    assert written(result) == json.loads(msgspec.json.encode(full_result(result)))


def test_a_document_without_content_is_a_full_result_too():
    empty = ParseResult(chunks=(), pages=())
    assert written(empty) == {"type": "full", "chunks": [], "ocr": None, "custom": None, "pages": []}


def test_half_characters_of_broken_fonts_do_not_stop_the_result():
    result = parsed(block(text="a\ud83db\ud83d\ude00"), words=(word("\udc00"),))
    assert written(result)["chunks"][0]["blocks"][0]["content"] == "a\ufffdb\U0001f600"
    assert written(result)["ocr"]["words"][0]["text"] == "\ufffd"


def test_the_result_fits_its_published_schema():
    result = parsed(
        block("Title"),
        table_block(fragments=(table_block(),)),
        words=(word(confidence=0.5),),
        lines=(word(),),
    )
    FullResult.model_validate(full_result(result), strict=True)
