import pytest
from pydantic import Field

from recto.wire.model import RequestModel, not_served, rule_of, unknown_keys, warnings_of


class Inner(RequestModel):
    wish: str | None = Field(default=None, description="A wish. Rule: none yet (warned)")
    done: bool = Field(default=False, description="Done. Rule: wire/model")


class Outer(RequestModel):
    inner: Inner = Field(default=Inner(), description="Inside. Rule: wire/model")
    many: list[Inner] = Field(default=[], description="Several. Rule: wire/model")
    later: list[Inner] = Field(default=[], description="Later. Rule: none yet (warned)")
    keyed: bool = Field(default=True, alias="key", description="Renamed. Rule: accepted, no effect")


def test_rules_are_the_end_of_a_description():
    rules = {name: rule_of(field) for name, field in Outer.model_fields.items()}
    assert rules == {
        "inner": "wire/model",
        "many": "wire/model",
        "later": "none yet (warned)",
        "keyed": "accepted, no effect",
    }
    assert rule_of(Field(description="Nothing is named.")) is None


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, []),
        ({"inner": {"wish": "x"}}, ["inner.wish"]),
        ({"inner": {"wish": ""}}, []),
        ({"many": [{}, {"wish": "x"}]}, ["many[1].wish"]),
        ({"later": [{"wish": "x"}]}, ["later"]),
        ({"key": False}, []),
    ],
)
def test_what_is_not_served_is_found_at_any_depth(body, paths):
    found = list(not_served(Outer.model_validate(body)))
    assert [sentence.split(" ")[0] for sentence in found] == paths


def test_unknown_keys_are_found_at_any_depth():
    body = {"keyed": 1, "inner": {"wich": 1}, "many": [{"zzz": 1}]}
    found = list(unknown_keys(Outer.model_validate(body)))
    assert found == [
        "keyed is not a known setting (did you mean key?)",
        "inner.wich is not a known setting (did you mean wish?)",
        "many[0].zzz is not a known setting",
    ]


def test_warnings_are_sentences():
    assert warnings_of(Outer.model_validate({"zzz": 1})) == ("zzz is not a known setting: it was ignored.",)
