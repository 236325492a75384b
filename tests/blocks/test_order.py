from hypothesis import given
from hypothesis import strategies as st

from recto.blocks.order import reading_order
from recto.blocks.region import Region
from recto.document.geometry import Box

HEIGHT = 842.0


def order(**boxes):
    named = {name: Region("Text", Box(*box), text=name) for name, box in boxes.items()}
    return [region.text for region in reading_order(list(named.values()), HEIGHT)]


def test_columns_are_read_one_after_the_other_below_a_title():
    assert order(
        right_top=(310, 120, 540, 300),
        title=(72, 70, 540, 100),
        left_bottom=(72, 320, 290, 500),
        left_top=(72, 120, 290, 310),
        right_bottom=(310, 310, 540, 500),
    ) == ["title", "left_top", "left_bottom", "right_top", "right_bottom"]


def test_a_wide_region_between_columns_parts_them():
    assert order(
        a=(72, 100, 290, 200),
        b=(310, 100, 540, 200),
        wide=(72, 220, 540, 300),
        c=(72, 320, 290, 400),
        d=(310, 320, 540, 400),
    ) == ["a", "b", "wide", "c", "d"]


def test_a_paragraph_break_at_one_height_does_not_part_columns():
    assert order(
        a=(72, 100, 290, 200), b=(72, 210, 290, 300), c=(310, 100, 540, 200), d=(310, 210, 540, 300)
    ) == ["a", "b", "c", "d"]


def test_running_heads_and_feet_are_first_and_last():
    assert order(
        foot=(72, 810, 100, 820),
        left=(72, 100, 290, 700),
        right=(310, 100, 540, 700),
        head=(400, 20, 540, 30),
    ) == ["head", "left", "right", "foot"]


def test_a_lone_column_far_below_comes_after_both():
    assert order(a=(72, 100, 290, 200), b=(310, 100, 540, 300), late=(72, 400, 200, 420)) == [
        "a",
        "b",
        "late",
    ]


def test_regions_that_overlap_are_read_from_above():
    assert order(low=(80, 150, 300, 260), high=(72, 100, 290, 170)) == ["high", "low"]


BOXES = st.tuples(st.integers(0, 550), st.integers(0, 800), st.integers(1, 300), st.integers(1, 200)).map(
    lambda b: Box(b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def test_a_page_that_runs_leftward_is_read_from_its_right_column():
    left, right = Region("Text", Box(72, 100, 280, 400)), Region("Text", Box(300, 100, 500, 400))
    assert reading_order([left, right], 842, leftward=True) == [right, left]


@given(st.lists(BOXES, max_size=25))
def test_order_is_a_permutation(boxes):
    regions = [Region("Text", box, text=str(i)) for i, box in enumerate(boxes)]
    found = reading_order(regions, HEIGHT)
    assert sorted(region.text for region in found) == sorted(region.text for region in regions)
