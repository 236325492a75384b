from hypothesis import given
from hypothesis import strategies as st

from documents.readings import schema
from recto.document.schema import SchemaField
from recto.results.extract.answers import parts
from recto.results.extract.groups import grouped, halved, split_lists

WIDE = schema(
    head={f"h{at}": "string" for at in range(30)},
    rows=[{f"r{at}": "string" for at in range(60)}],
    foot={"deep": {f"f{at}": "number" for at in range(25)}},
    last="string",
)


def paths(root):
    return [".".join(part.names) for part in parts(root)]


def test_groups_are_small_keep_their_order_and_leave_lists_whole():
    groups = grouped(WIDE, 40)
    assert [path for group in groups for path in paths(group)] == paths(WIDE)
    assert [len(paths(group)) for group in groups] == [30, 1, 26]
    assert len(list(groups[1].leaves())) == 60


def test_values_and_lists_apart():
    values, lists = split_lists(WIDE)
    assert paths(lists) == ["rows"]
    assert "rows" not in paths(values)
    assert split_lists(schema(a="string")) == (schema(a="string"), None)


def test_an_open_schema_is_one_group():
    root = SchemaField("", "", "object")
    assert grouped(root) == [root]
    assert halved(root) == [root]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(1, 20))
def test_no_field_is_lost_or_doubled(sizes, most):
    root = schema(**{f"o{at}": {f"f{n}": "string" for n in range(size)} for at, size in enumerate(sizes)})
    groups = grouped(root, most)
    assert [path for group in groups for path in paths(group)] == paths(root)
    assert all(len(paths(group)) <= most for group in groups)
    both = halved(root)
    assert [path for group in both for path in paths(group)] == paths(root)
