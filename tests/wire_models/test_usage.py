from recto.wire.usage import ParseUsage, usage_for, usage_sum
from wire_models.parsed import block, page_info, parsed, table_block


def test_an_ordinary_page_costs_one_credit():
    usage = usage_for(parsed(block(), table_block()))
    assert usage["num_pages"] == 1
    assert usage["credits"] == 1
    assert usage["credit_breakdown"] == {"page": 1}
    assert usage["page_billing_breakdown"] == {"1": ["page"]}
    ParseUsage.model_validate(usage, strict=True)


def test_a_page_with_merged_cells_or_labelled_values_costs_two():
    pages = [page_info(4, 1), page_info(5, 2), page_info(9, 3)]
    usage = usage_for(
        parsed(table_block(page=4, row_span=2), block(page=5), block("Key Value", page=9), pages=pages)
    )
    assert usage["credits"] == 5
    assert usage["credit_breakdown"] == {"page": 3, "complex": 2}
    assert usage["page_billing_breakdown"] == {
        "4": ["page", "complex"],
        "5": ["page"],
        "9": ["page", "complex"],
    }


def test_pages_without_content_are_counted():
    assert usage_for(parsed(block(), pages=[page_info(1, 1), page_info(2, 2)]))["num_pages"] == 2


def test_the_batch_lane_costs_a_fifth_less():
    usage = usage_for(parsed(block("Key Value")), batch=True)
    assert usage["credits"] == 1.6
    assert sum(usage["credit_breakdown"].values()) == usage["credits"]


def test_several_parses_add_up():
    one, two = usage_for(parsed(block("Key Value"))), usage_for(parsed())
    assert usage_sum([one]) == one
    both = usage_sum([one, two])
    assert (both["num_pages"], both["credits"]) == (2, 3)
    assert both["credit_breakdown"] == {"page": 2, "complex": 1}
    assert both["page_billing_breakdown"] is None
    ParseUsage.model_validate(both, strict=True)
    assert usage_sum([])["num_pages"] == 0
