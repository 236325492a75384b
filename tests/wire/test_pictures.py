"""Form fields, marks and pictures as a client gets them from the running server."""

import io

import httpx
import pytest
from PIL import Image
from reducto.lib.helpers import handle_url_response

from documents import forms
from documents.layouts import drawings_pdf, tables_pdf
from documents.pdfs import concealed_pdf, report_pdf


def fetched(url: str) -> Image.Image:
    answer = httpx.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content))


def blocks_of(result, kind: str):
    return [block for chunk in result.chunks for block in chunk.blocks if block.type == kind]


@pytest.fixture(scope="module")
def report(sdk):
    return sdk.upload(file=("r.pdf", report_pdf()))


def test_pictures_come_as_links_that_open_without_a_key(sdk, report):
    answer = sdk.parse.run(input=report, settings={"return_images": ["table", "page"]})
    (table,) = blocks_of(answer.result, "Table")
    assert fetched(table.image_url).width > 500
    assert all(block.image_url is None for block in blocks_of(answer.result, "Text"))
    pages = answer.result.pages
    sizes = [fetched(page["image_url"]).size for page in pages]
    assert sizes == [(pytest.approx(1275, abs=1), pytest.approx(1650, abs=1))] * 2


def test_a_result_that_is_a_link_has_links_to_its_pictures(sdk, report):
    settings = {"return_images": ["table"], "force_url_result": True}
    answer = sdk.parse.run(input=report, settings=settings)
    assert answer.result.type == "url"
    full = handle_url_response(answer)
    (table,) = blocks_of(full.result, "Table")
    assert fetched(table.image_url).height > 100
    again = sdk.job.get(answer.job_id).result
    assert httpx.get(again.result.url).json()["chunks"][0]["content"] == full.result.chunks[0].content


def test_a_result_that_another_job_took_over_keeps_its_pictures(sdk, report):
    first = sdk.parse.run(input=report, settings={"return_images": ["table"]})
    for settings in ({}, {"force_url_result": True}):
        second = sdk.parse.run(input=f"jobid://{first.job_id}", settings=settings)
        full = handle_url_response(second) if settings else second
        (table,) = blocks_of(full.result, "Table")
        assert fetched(table.image_url)


def test_a_forged_link_to_a_result_opens_nothing(server):
    assert httpx.get(f"{server.url}/recto/v1/results/forged").status_code == 404


def test_pictures_go_with_their_job(sdk, http, report):
    answer = sdk.parse.run(input=report, settings={"return_images": ["table"]})
    (table,) = blocks_of(answer.result, "Table")
    assert fetched(table.image_url)
    assert http.delete(f"/job/{answer.job_id}").status_code == 202
    assert httpx.get(table.image_url).status_code == 404


def test_form_fields_stand_in_the_extra_of_their_block(sdk):
    answer = sdk.parse.run(input=sdk.upload(file=("f.pdf", forms.entry_form_pdf())))
    pairs = blocks_of(answer.result, "Key Value")
    name = next(block for block in pairs if block.content == f"Name: {forms.NAME}")
    assert name.extra["form_fields"][0]["name"] == "person.name"
    assert name.extra["form_fields"][0]["label"] == "Full name"
    assert name.extra["form_fields"][0]["value"] == forms.NAME
    lines = [line for block in pairs for line in block.content.splitlines()]
    assert {"[x] Express delivery", "[ ] With insurance"} <= set(lines)


def test_marks_only_when_asked(sdk):
    upload = sdk.upload(file=("m.pdf", forms.marked_up_pdf()))
    plain = sdk.parse.run(input=upload)
    assert not blocks_of(plain.result, "Comment")
    assert "](" not in plain.result.chunks[0].content
    asked = sdk.parse.run(
        input=upload, formatting={"include": ["hyperlinks", "comments", "highlight", "signatures"]}
    )
    content = asked.result.chunks[0].content
    assert "[tide tables](https://example.org/tides%282026%29)" in content
    assert "<mark>safety rules before</mark>" in content
    comments = blocks_of(asked.result, "Comment")
    assert {comment.content for comment in comments} == {"Check the date", "New since May", "Ask the pilot"}
    assert {comment.extra["author"] for comment in comments} == {"Ada", "Grace"}
    (signature,) = blocks_of(asked.result, "Signature")
    assert signature.content == "not signed"


def test_hidden_text_is_told_beside_its_block_and_nowhere_else(sdk):
    answer = sdk.parse.run(
        input=sdk.upload(file=("c.pdf", concealed_pdf())), settings={"return_ocr_data": True}
    )
    blocks = [block for chunk in answer.result.chunks for block in chunk.blocks]
    hidden = " ".join(block.extra["hidden_text"] for block in blocks if block.extra).split()
    assert {"white", "tiny", "clear", "invisible", "black"} <= set(hidden)
    shown = [
        *(chunk.content for chunk in answer.result.chunks),
        *(block.content for block in blocks),
        *(word.text for word in answer.result.ocr.words),
        *(line.text for line in answer.result.ocr.lines),
    ]
    assert "Bright heading" in shown
    assert not any(
        word in text for word in ("white", "tiny", "clear", "invisible", "black") for text in shown
    )


def test_captions_and_tables_name_each_other(sdk):
    answer = sdk.parse.run(input=sdk.upload(file=("t.pdf", tables_pdf())))
    tables = blocks_of(answer.result, "Table")
    captions = [b for c in answer.result.chunks for b in c.blocks if b.extra and "caption_of" in b.extra]
    assert [table.extra["caption"] for table in tables] == [caption.content for caption in captions]
    assert [caption.extra["caption_of"]["type"] for caption in captions] == ["Table"] * len(tables)
    boxes = [caption.extra["caption_of"]["bbox"] for caption in captions]
    assert boxes == [table.bbox.model_dump() for table in tables]


def test_drawings_without_a_picture_are_figures_with_crops(sdk):
    answer = sdk.parse.run(
        input=sdk.upload(file=("d.pdf", drawings_pdf())), settings={"return_images": ["figure"]}
    )
    figures = blocks_of(answer.result, "Figure")
    assert [figure.extra["caption"][:8] for figure in figures] == ["Figure 1", "Figure 2", "Figure 3"]
    for figure in figures:
        crop = fetched(figure.image_url)
        wide, high = figure.bbox.width * 595, figure.bbox.height * 842
        assert abs(crop.width / crop.height - (wide + 8) / (high + 8)) < 0.1
        assert min(crop.convert("L").getdata()) < 128
