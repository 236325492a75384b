from hypothesis import given
from hypothesis import strategies as st

from documents.readings import schema
from recto.document.schema import SchemaField
from recto.results.extract.answers import NOTHING, Said
from recto.results.extract.merge import Piece, best, merged, merged_lists
from recto.results.extract.windows import Window


def entry(name, *lines, amount=None):
    return {"name": Said(name, lines), "amount": Said(amount, lines) if amount is not None else NOTHING}


def names(entries):
    return [one["name"].value for one in entries]


def test_an_entry_on_the_shared_page_is_there_once():
    first = [entry("a", 1), entry("b", 9)]
    second = [entry("b", 9), entry("c", 12)]
    assert names(merged_lists([(Window(1, 10), first), (Window(8, 20), second)])) == ["a", "b", "c"]


def test_entries_alike_on_other_lines_stay():
    first = [entry("a", 1), entry("a", 9)]
    second = [entry("a", 9), entry("a", 12)]
    assert len(merged_lists([(Window(1, 10), first), (Window(8, 20), second)])) == 3


def test_an_entry_cut_by_the_end_of_a_window_is_completed():
    found = merged_lists([(Window(1, 10), [entry("a", 10)]), (Window(8, 20), [entry("a", 10, 11, amount=5)])])
    assert len(found) == 1
    assert found[0]["amount"].value == 5


def test_entries_without_lines_are_told_by_their_values_at_the_seam():
    first, second = [entry("a"), entry("b")], [entry("b"), entry("c")]
    assert names(merged_lists([(Window(1, 10), first), (Window(8, 20), second)])) == ["a", "b", "c"]
    assert len(merged_lists([(Window(1, 10), first), (Window(11, 20), second)])) == 4


@given(st.integers(1, 80), st.integers(4, 20), st.integers(0, 3))
def test_rows_in_windows_come_out_as_they_stand(count, size, overlap):
    """However a list is cut into windows, every row is there once and in order."""
    told, start = [], 1
    while start <= count:
        window = Window(start, min(count, start + size - 1))
        told.append(
            (window, [entry(f"row {line % 3}", line) for line in range(window.first, window.last + 1)])
        )
        if window.last == count:
            break
        start = window.last + 1 - overlap
    found = merged_lists(told)
    assert [one["name"].lines for one in found] == [(line,) for line in range(1, count + 1)]


def test_of_values_the_stated_one_is_taken_then_the_frequent_one():
    field = SchemaField("x", "x", "string")
    said = [Said("a", (1,)), Said("b", (2,)), Said("b", (3,)), NOTHING]
    assert best(said, field, lambda one, _: one.value == "a").value == "a"
    assert best(said, field, lambda one, _: False).value == "b"
    assert best([NOTHING], field, lambda one, _: True) == NOTHING


def test_what_no_call_was_about_is_not_in_the_answer():
    root = schema(a="string", b="string")
    group = schema(a="string")
    found = merged(root, [Piece(group, Window(1, 2), {"a": Said("x", (1,))})], lambda *_: True)
    assert found == {"a": Said("x", (1,))}
