import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.pages.frame import Frame, as_box, as_boxes

sides = st.floats(1, 500)


def corner(frame: Frame, x: float, y: float) -> tuple[float, float]:
    x0, y0, _, _ = frame.upright(np.array([[x, y, x, y]]))[0]
    return float(x0), float(y0)


@pytest.mark.parametrize(("turn", "seen"), [(0, (0, 0)), (90, (80, 0)), (180, (60, 80)), (270, (0, 60))])
def test_top_left_of_the_crop_box_goes_where_the_turn_takes_it(turn, seen):
    frame = Frame(10, 20, 70, 100, turn)
    assert corner(frame, 10, 100) == pytest.approx(seen)


@given(sides, sides, st.sampled_from([0, 90, 180, 270]))
def test_boxes_keep_their_area_and_stay_ordered(wide, high, turn):
    frame = Frame(0, 0, 600, 800, turn)
    box = as_box(frame.upright(np.array([[10.0, 20.0, 10 + wide, 20 + high]]))[0])
    assert box.area == pytest.approx(wide * high, rel=1e-2, abs=1.0)
    assert box.x1 >= box.x0
    assert box.y1 >= box.y0


def test_size_swaps_on_its_side():
    frame = Frame(0, 0, 600, 800, 90)
    assert (frame.width, frame.height) == (800, 600)
    assert (frame.turned(270).width, frame.turned(270).turn) == (600, 0)


def test_angles_are_seen_after_the_turn():
    assert Frame(0, 0, 1, 1, 90).angle(90) == 0
    assert Frame(0, 0, 1, 1, 90).angle(0) == 270


def test_clipping_cuts_at_the_page():
    frame = Frame(0, 0, 100, 50)
    assert frame.clipped(np.array([[-5.0, -5.0, 200.0, 60.0]])).tolist() == [[0, 0, 100, 50]]


@given(st.lists(st.floats(-20_000, 20_000), min_size=4, max_size=4))
def test_sides_are_rounded_as_python_rounds_them(row):
    box = as_boxes(np.array([row]))[0]
    assert (box.x0, box.y0, box.x1, box.y1) == tuple(round(side, 3) for side in row)


def test_a_product_that_was_rounded_onto_a_tie_does_not_move_a_side():
    near = [0.0025, 0.0055, 0.0085, 71.0625]  # three doubles a little off the half, and one right on it
    box = as_boxes(np.array([near]))[0]
    assert (box.x0, box.y0, box.x1, box.y1) == tuple(round(side, 3) for side in near)
