import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.inference.cost import Budget, BudgetSpent, Price, estimated_tokens
from recto.inference.port import Usage


def test_what_was_used_is_counted_and_priced():
    budget = Budget(1000, Price(2.0, 10.0))
    granted = budget.reserve(100, 200, 10)
    budget.settle(100, granted, Usage(90, 50))
    cost = budget.cost()
    assert (cost.calls, cost.prompt_tokens, cost.completion_tokens, cost.counted) == (1, 90, 50, True)
    assert cost.price == pytest.approx((90 * 2 + 50 * 10) / 1_000_000)
    assert Budget(10).cost().price is None


def test_calls_at_once_cannot_pass_the_cap_together():
    budget = Budget(1000)
    assert budget.reserve(300, 200, 10) == 200
    assert budget.reserve(300, 500, 10) == 200  # all that is left
    with pytest.raises(BudgetSpent):
        budget.reserve(1, 100, 10)
    budget.settle(300, 200, None)
    assert budget.reserve(100, 100, 10) == 100


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), max_size=20))
def test_the_cap_holds(calls):
    budget = Budget(1000)
    for asked, answer in calls:
        try:
            granted = budget.reserve(asked, answer, 1)
        except BudgetSpent:
            continue
        budget.settle(asked, granted, Usage(asked, granted))
    assert budget.used <= 1000


def test_scripts_with_many_bytes_are_estimated_higher():
    assert estimated_tokens("") == 0
    assert estimated_tokens("表" * 90) == 3 * estimated_tokens("a" * 90)
