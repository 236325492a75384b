import pytest

from recto.document.schema import SchemaField
from recto.results.extract.assign import LEAST_SCORE, assigned, supported
from recto.results.extract.evidence import Candidate
from recto.results.extract.labels import wanted


def field(name: str):
    return wanted(SchemaField(name, name, "string"))


def candidate(
    name: str, value: str, score: float, words: tuple[int, ...] = (), label: tuple[int, ...] = ()
) -> Candidate:
    return Candidate(field(name), value, (), score, "made for a test", frozenset(words), label)


def chosen(*candidates: Candidate) -> dict[str, object]:
    by_path: dict[str, list[Candidate]] = {}
    for one in candidates:
        by_path.setdefault(one.wanted.path, []).append(one)
    return {path: one.value for path, one in assigned(by_path).items()}


def test_the_best_of_a_field():
    assert chosen(candidate("a", "x", 0.7), candidate("a", "y", 0.9)) == {"a": "y"}


def test_a_bad_fit_is_no_answer():
    assert chosen(candidate("a", "x", LEAST_SCORE - 0.01)) == {}


def test_a_place_serves_the_field_it_fits_better():
    answer = chosen(
        candidate("claim_number", "1", 0.9, (1,)),
        candidate("serial", "1", 0.8, (1,)),
        candidate("serial", "2", 0.7, (2,)),
    )
    assert answer == {"claim_number": "1", "serial": "2"}


def test_a_label_speaks_for_the_field_it_says_best():
    answer = chosen(
        candidate("claim_number", "1", 0.9, (1,), (0, 1, 0)),
        candidate("policy_number", "1", 0.6, (1,), (0, 1, 0)),
    )
    assert answer == {"claim_number": "1"}


def test_equal_values_support_each_other():
    twice = supported(
        [candidate("a", "x", 0.7, (1,)), candidate("a", "X ", 0.7, (2,)), candidate("a", "y", 0.72, (3,))]
    )
    assert twice[0].score > twice[2].score
    assert twice[2].score == pytest.approx(0.72)
