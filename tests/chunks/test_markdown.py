from documents.layouts import TABLE_ROWS, block, table_of
from recto.chunks.markdown import block_text, embed_text
from recto.document.options import FormatOptions

SIZE = (595.0, 842.0)


def printed(found, **formats):
    return block_text(found, FormatOptions(**formats), SIZE)


def test_headings_by_level():
    assert printed(block("Rivers", "Title", level=1)) == "# Rivers"
    assert printed(block("Floods", "Section Header", level=3)) == "### Floods"
    assert printed(block("Floods", "Section Header")) == "## Floods"
    assert printed(block("Floods", "Section Header", level=9)) == "###### Floods"


def test_list_items_with_number_or_dash_and_indentation():
    assert printed(block("rope", "List Item", marker="2.")) == "2. rope"
    assert printed(block("rope", "List Item", marker="\u2022", level=2)) == "    - rope"


def test_other_blocks_are_their_text():
    assert printed(block("Name: Ada\nBorn: 1815", "Key Value")) == "Name: Ada\nBorn: 1815"
    assert printed(block("", "Figure")) == ""


def test_tables_in_the_format_asked_for_and_as_sentences_for_embedding():
    table = block("t", "Table", table=table_of(TABLE_ROWS))
    assert printed(table, table_format="csv").splitlines()[1] == "Bergen,190.1,152.7,170.3"
    assert printed(table).startswith("| Station |")
    assert embed_text(table, FormatOptions(), SIZE).startswith("Station: Bergen; January: 190.1")
    assert embed_text(block("prose"), FormatOptions(), SIZE) == "prose"
