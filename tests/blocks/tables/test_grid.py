from dataclasses import replace

from documents.layouts import words
from recto.blocks.tables.grid import phrases_of, visual_rows
from recto.document.geometry import Box


def row(confidence):
    """Three figures on one line, the box of the last reaching 4 points deeper: a comma, or noise."""
    every = [*words("190.1", 72, 100), *words("152.7", 162, 100), *words("17,3", 252, 100)]
    deep = every[-1].box
    every[-1] = replace(every[-1], box=Box(deep.x0, deep.y0, deep.x1, deep.y1 + 4))
    (found,) = visual_rows(phrases_of([replace(word, confidence=confidence) for word in every]))
    return found


def test_a_recognised_row_stands_where_most_of_its_phrases_do():
    assert row(0.9).bottom == 110


def test_a_row_read_from_the_file_stands_where_its_box_ends():
    assert row(None).bottom == row(None).box.y1 == 114
