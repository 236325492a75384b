import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.document.schema import SchemaField
from recto.results.extract.coerce import coerced


def field(kind, form="", enum=(), pattern=""):
    return SchemaField("x", "x", kind, format=form, enum=enum, pattern=pattern)


@pytest.mark.parametrize(
    ("value", "wanted", "found"),
    [
        ("€ 1.234,50", field("number"), 1234.5),
        (12.0, field("integer"), 12),
        (12.5, field("integer"), None),
        ("12 of 30", field("number"), None),
        (True, field("number"), None),
        (math.inf, field("number"), None),
        ("Yes", field("boolean"), True),
        (0, field("boolean"), False),
        ("perhaps", field("boolean"), None),
        (12, field("string"), "12"),
        (12.0, field("string"), "12"),
        (True, field("string"), "true"),
        ("  two \n words ", field("string"), "two words"),
        ("14. Mai 2021", field("string", "date"), "2021-05-14"),
        ("2021-05-14", field("string", "date"), "2021-05-14"),
        ("soon", field("string", "date"), None),
        ("2021-05-14", field("string", "date-time"), "2021-05-14T00:00:00"),
        ("net-30", field("string", enum=("Net 30", "Cash")), "Net 30"),
        ("card", field("string", enum=("Net 30", "Cash")), None),
        ("N/A", field("string", enum=("N/A", "Cash")), "N/A"),
        ("not found", field("string"), None),
        ("", field("any"), None),
        (10**30, field("any"), str(10**30)),
        ({"a": 1}, field("string"), None),
        ("AB1", field("string", pattern="^[A-Z]{2}$"), None),
    ],
)
def test_values_in_the_types_of_fields(value, wanted, found):
    result = coerced(value, wanted)
    assert result == found
    assert type(result) is type(found)


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=15)
    | st.lists(st.integers(), max_size=3),
    st.sampled_from(
        [field("number"), field("integer"), field("boolean"), field("string"), field("string", "date")]
    ),
)
def test_the_type_is_right_or_nothing_is_said(value, wanted):
    types = {"number": (int, float), "integer": int, "boolean": bool, "string": str}
    found = coerced(value, wanted)
    assert found is None or isinstance(found, types[wanted.type])
    if wanted.type in ("number", "integer"):
        assert not isinstance(found, bool)
