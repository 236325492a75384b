import pytest

from documents.layouts import SENTENCES, lines, words, wrapped
from recto.blocks.joining import joined
from recto.blocks.lines import baselines, cut_lines, line_of
from recto.blocks.lists import is_bullet, marker_of, nested, without_marker
from recto.blocks.paragraphs import group_paragraphs
from recto.blocks.region import Region, as_block
from recto.document.geometry import Box


def grouped(every):
    return [as_block(region, 1) for region in group_paragraphs(cut_lines(baselines(every), ()))]


def texts(every):
    return [block.text for block in grouped(every)]


def test_lines_that_run_on_are_one_paragraph():
    assert texts(lines(wrapped(SENTENCES[0], 40), 72, 100)) == [SENTENCES[0]]


def test_white_space_parts_paragraphs():
    first, second = wrapped(SENTENCES[0], 40), wrapped(SENTENCES[1], 40)
    below = 100 + 12 * len(first) + 8
    assert texts([*lines(first, 72, 100), *lines(second, 72, below)]) == [SENTENCES[0], SENTENCES[1]]


def test_a_first_line_indent_begins_a_paragraph():
    first = lines(wrapped(SENTENCES[0], 40), 72, 100)
    y = 100 + 12 * len(wrapped(SENTENCES[0], 40))
    second = [*words("Farmers move their cattle", 90, y), *words("to the pastures above.", 72, y + 12)]
    assert texts([*first, *second]) == [SENTENCES[0], "Farmers move their cattle to the pastures above."]


def test_a_heading_of_other_weight_or_size_stands_apart():
    body = lines(wrapped(SENTENCES[2], 40), 72, 112)
    assert texts([*words("Bridges", 72, 100, bold=True), *body]) == ["Bridges", SENTENCES[2]]
    assert texts([*words("Bridges", 72, 98, 13), *body]) == ["Bridges", SENTENCES[2]]


def test_a_heading_in_capitals_stands_apart():
    body = lines(wrapped(SENTENCES[2], 40), 72, 112)
    assert texts([*words("OLD BRIDGES", 72, 100), *body]) == ["OLD BRIDGES", SENTENCES[2]]


def test_double_spaced_text_is_still_one_paragraph():
    assert texts(lines(wrapped(SENTENCES[3], 40), 72, 100, leading=24)) == [SENTENCES[3]]


def test_bullets_begin_items_and_wrapped_lines_stay_with_them():
    every = [
        *words("\u2022 rain coat and", 72, 100),
        *words("boots", 80, 112),
        *words("\u2022 rope", 72, 124),
    ]
    assert [(b.type, b.marker, b.text) for b in grouped(every)] == [
        ("List Item", "\u2022", "rain coat and boots"),
        ("List Item", "\u2022", "rope"),
    ]


def test_a_bullet_far_from_its_text_belongs_to_it():
    every = [*words("\u2022", 72, 100), *words("rope", 100, 100)]
    assert [(b.marker, b.text) for b in grouped(every)] == [("\u2022", "rope")]


def test_a_number_inside_a_sentence_begins_no_item():
    every = lines(["the rule was given in chapter number", "12. and was never changed again"], 72, 100)
    assert len(grouped(every)) == 1


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("1. first", "1."),
        ("(iv) fourth", "(iv)"),
        ("2.3.1 depth", "2.3.1"),
        ("a) letter", "a)"),
        ("\u2022tight", "\u2022"),
        ("- dash", "-"),
        ("-5 degrees", ""),
        ("1.5 million", ""),
        ("and so on", ""),
        ("1984 was a year", ""),
        ("o Office bullet", "o"),
        ("o small", ""),
    ],
)
def test_markers(text, marker):
    if text == "1.5 million":
        marker = "1.5"  # looks like an outline number; headings and paragraphs weigh it by its place
    assert marker_of(text) == marker
    assert without_marker(text, marker).strip() == text[len(marker) :].strip()


def test_bullets_and_numbers_differ():
    assert is_bullet("\u2022")
    assert is_bullet("-")
    assert not is_bullet("1.")
    assert not is_bullet("")


def items(*edges):
    return [
        Region("List Item", Box(x, 100 + 12 * i, x + 50, 110 + 12 * i), text="item")
        for i, x in enumerate(edges)
    ]


def test_levels_follow_indentation():
    assert [r.level for r in nested(items(72, 90, 90, 108, 72))] == [0, 1, 1, 2, 0]


def test_no_level_is_skipped():
    assert [r.level for r in nested(items(72, 108, 90))] == [0, 1, 1]


def test_text_between_items_begins_a_new_list():
    between = Region("Text", Box(72, 0, 100, 10), text="and")
    run = [*items(90), between, *items(90, 108)]
    assert [r.level for r in nested(run)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["a broken hy-", "phen"], "a broken hyphen"),
        (["the Anglo-", "Saxon"], "the Anglo-Saxon"),
        (["soft\u00ad", "ened"], "softened"),
        (["pages 10-", "12"], "pages 10-12"),
        (["a dash -", "and more"], "a dash - and more"),
        (["\u6f22\u5b57", "\u304b\u306a"], "\u6f22\u5b57\u304b\u306a"),
    ],
)
def test_joining(texts, whole):
    assert joined(line_of(words(text, 72, 100)) for text in texts) == whole


def test_an_item_whose_lines_return_to_the_margin_is_one_block():
    every = [
        *words("1. The news shall be used by you and your", 90, 100),
        *words("friends only, and by nobody else at all.", 72, 112),
        *words("Farewell to all of you.", 72, 140),
    ]
    assert [b.text for b in grouped(every)] == [
        "The news shall be used by you and your friends only, and by nobody else at all.",
        "Farewell to all of you.",
    ]


def test_a_heading_hardly_larger_than_its_text_stands_apart():
    body = lines(wrapped(SENTENCES[2], 40), 72, 112)
    assert texts([*words("Bridges of the north", 72, 100, 10.8), *body]) == [
        "Bridges of the north",
        SENTENCES[2],
    ]


def test_sizes_that_were_measured_part_no_paragraph():
    every = [
        word
        for i, text in enumerate(wrapped(SENTENCES[0], 30))
        for word in words(text, 72, 100 + 12 * i, 10 + 0.5 * (i % 3))
    ]
    assert texts(every) == [SENTENCES[0]]


def test_text_after_a_tab_stays_on_its_line():
    every = [
        *words("Bring a lamp:", 72, 100),
        *words("or candles", 170, 100),
        *words("and bread for two days, for the way is long", 72, 112),
    ]
    assert texts(every) == ["Bring a lamp: or candles\nand bread for two days, for the way is long"]


def test_a_number_set_far_from_its_text_begins_the_item_it_stands_before():
    every = [
        *words("(a)", 72, 100),
        *words("bring a lamp or candles and", 130, 100),
        *words("bread for two days, for the way is long", 72, 112),
    ]
    (block,) = grouped(every)
    assert (block.type, block.marker) == ("List Item", "(a)")
    assert block.text == "bring a lamp or candles and bread for two days, for the way is long"


def test_columns_side_by_side_stay_apart():
    left, right = wrapped(SENTENCES[0], 30), wrapped(SENTENCES[1], 30)
    found = texts([*lines(left, 72, 100), *lines(right, 300, 100)])
    assert sorted(found) == sorted([SENTENCES[0], SENTENCES[1]])


def test_lines_that_were_ended_by_hand_stay_lines():
    address = ["Ingrid Moe", "The Upper Mill on the River Road", "4021 Northern Ford", "Norway"]
    assert texts(lines(address, 72, 100)) == ["\n".join(address)]
    url = "https://example.org/a/very/long/address/that/no/other/line/of/the/paragraph/comes/near/to"
    prose = [*wrapped(f"{SENTENCES[0]} {SENTENCES[1]}", 70), url]
    assert texts(lines(prose, 72, 100)) == [" ".join(prose)]


def test_a_lone_asterisk_is_a_note_and_several_are_a_list():
    def starred(*names):
        every = [word for i, name in enumerate(names) for word in words(f"* {name}", 72, 100 + 14 * i)]
        return [
            (region.type, as_block(region, 1).text)
            for region in nested(group_paragraphs(cut_lines(baselines(every), ())))
        ]

    assert starred("not counted") == [("Text", "* not counted")]
    assert starred("rope", "boots") == [("List Item", "rope"), ("List Item", "boots")]


def test_a_line_that_returns_from_a_hanging_indent_begins_a_paragraph():
    every = [
        *words("Moe I. The mill in spring", 72, 100),
        *words("and after", 90, 112),
        *words("Ruud K. Barns and bridges", 72, 124),
        *words("of the valley", 90, 136),
    ]
    assert texts(every) == ["Moe I. The mill in spring and after", "Ruud K. Barns and bridges of the valley"]


def test_numbered_references_without_points_are_apart():
    every = lines(["1 Moe I. The mill in spring 1889", "2 Ruud K. Barns and bridges"], 72, 100)
    assert texts(every) == ["1 Moe I. The mill in spring 1889", "2 Ruud K. Barns and bridges"]
    assert (
        len(
            texts(lines(["2 of the mills were lost in the year", "1890 and were never built again"], 72, 100))
        )
        == 1
    )
