from documents.readings import plain, read, schema
from recto.document.block import Block, Cell, Table
from recto.document.extraction import ReadDocument
from recto.document.geometry import Box, around
from recto.document.result import PageInfo
from recto.results.extract.passages import DocumentText, joined
from recto.results.extract.rules import extract


def text_of(document: ReadDocument) -> DocumentText:
    return DocumentText(0, document)


def test_phrases_are_parted_by_wide_gaps():
    text = text_of(read([(60, 100, "Invoice No."), (200, 100, "A 17"), (60, 120, "one two three")]))
    assert [[one.text for one in row] for row in text.pages[0].rows] == [
        ["Invoice No.", "A 17"],
        ["one two three"],
    ]


def test_letters_know_their_words():
    (passage,) = text_of(read([(60, 100, "one two three")])).pages[0].phrases
    assert [word.text for word in passage.words_between(4, 7)] == ["two"]
    assert [word.text for word in passage.words_between(5, 9)] == ["two", "three"]
    assert passage.words_between(3, 3) == ()
    source = passage.source(4, 13)
    assert source is not None
    assert source.text == "two three"
    assert source.box == around(word.box for word in passage.words[1:])


def test_a_source_is_as_sure_as_its_worst_word():
    (passage,) = text_of(read([(60, 100, "one two")], confidence=0.7)).pages[0].phrases
    source = passage.source(0, 7)
    assert source is not None
    assert source.confidence == 0.7


def test_passages_joined():
    phrases = text_of(read([(60, 100, "one"), (60, 120, "two")])).pages[0].phrases
    assert joined(phrases).text == "one two"


def sheet() -> ReadDocument:
    rows = [
        ("Order number", "A-17"),
        ("Customer", "Moss Inc."),
        ("", ""),
        ("Item", "Price"),
        ("Lamp", "9.5"),
        ("Desk", "120"),
    ]
    cells = tuple(
        Cell(row, column, text, Box(60 + 120 * column, 100 + 20 * row, 180 + 120 * column, 120 + 20 * row))
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    )
    block = Block("Table", 1, Box(60, 100, 300, 220), "", table=Table(len(rows), 2, cells))
    return ReadDocument((PageInfo(1, 1, 612, 792, "text", "cells"),), (block,), {})


def test_cells_of_a_spreadsheet_without_words():
    wanted = schema(order_number="string", customer="string", items=[{"item": "string", "price": "number"}])
    assert plain(extract([sheet()], wanted)) == {
        "order_number": "A-17",
        "customer": "Moss Inc.",
        "items": [{"item": "Lamp", "price": 9.5}, {"item": "Desk", "price": 120}],
    }
