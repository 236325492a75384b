"""Labels and values of forms without fields as a client gets them from the running server."""

from documents.forms import order_head_pdf
from documents.images import scanned_form_png


def pairs_of(sdk, name: str, content: bytes) -> set[str]:
    answer = sdk.parse.run(input=sdk.upload(file=(name, content)))
    blocks = [block for chunk in answer.result.chunks for block in chunk.blocks]
    return {line for block in blocks if block.type == "Key Value" for line in block.content.splitlines()}


def test_columns_of_labels_over_values_are_pairs(sdk):
    assert pairs_of(sdk, "order.pdf", order_head_pdf()) == {
        "Order No.: 4711",
        "Product: Lamps",
        "Estimate: 12.50",
        "Agency: Harbour Board",
        "Buyer: Ada Moe",
        "Contact: Eve Lund",
        "Region: North",
        "Office: Bergen",
        "Type: Cash",
        "Revision: 3",
        "Market: Oslo",
        "Station: East",
    }


def test_a_scanned_form_is_read_as_people_read_it(sdk):
    assert pairs_of(sdk, "form.png", scanned_form_png()) >= {
        "Date: 3 May 1998",
        "Phone Number: 335 7363",
        "Remarks: Sails with the morning tide",
        "DEPARTMENT: Pilots",
        "NAME: Anna Lind",
        "TOWN: Bristol",
    }
