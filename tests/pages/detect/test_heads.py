import numpy as np
import pytest

from recto.pages.detect.heads import STEPS_PX, Found, decoded, surest

SIZE = (128, 192)
BINS = 8


def blank(classes=2):
    """Outputs of a model that sees nothing: for each step, places x classes and places x 4 bins."""
    places = [(-(-SIZE[0] // step)) * (-(-SIZE[1] // step)) for step in STEPS_PX]
    scores = [np.zeros((count, classes), np.float32) for count in places]
    return scores, [np.zeros((count, 4 * BINS), np.float32) for count in places]


def sees(scores, distances, step, row, column, label, score, sides):
    """Let one place see a part whose left, top, right and bottom lie so many whole steps away."""
    at = STEPS_PX.index(step)
    place = row * -(-SIZE[1] // step) + column
    scores[at][place, label] = score
    for side, distance in enumerate(sides):
        distances[at][place, side * BINS + distance] = 50.0


def test_a_box_is_its_place_and_the_mean_distance_of_each_side():
    scores, distances = blank()
    sees(scores, distances, 16, row=3, column=5, label=1, score=0.9, sides=(2, 1, 4, 3))
    (found,) = decoded(scores, distances, SIZE, 0.4)
    assert found.label == 1
    assert found.score == pytest.approx(0.9)
    assert found.box == pytest.approx((5.5 * 16 - 32, 3.5 * 16 - 16, 5.5 * 16 + 64, 3.5 * 16 + 48), abs=0.01)


def test_an_undecided_side_lies_in_the_middle_of_its_bins():
    scores, distances = blank()
    scores[0][0, 0] = 0.8  # all distances alike: their mean is 3.5 steps
    (found,) = decoded(scores, distances, SIZE, 0.4)
    assert found.box == pytest.approx((4 - 28, 4 - 28, 4 + 28, 4 + 28))


def test_unsure_places_see_nothing():
    scores, distances = blank()
    sees(scores, distances, 32, 1, 1, 0, 0.39, (1, 1, 1, 1))
    assert decoded(scores, distances, SIZE, 0.4) == []


def test_two_grids_that_see_one_part_give_the_surer_box():
    scores, distances = blank()
    sees(scores, distances, 8, 7, 7, 0, 0.6, (4, 4, 4, 4))
    sees(scores, distances, 16, 3, 3, 0, 0.8, (2, 2, 2, 2))
    (found,) = decoded(scores, distances, SIZE, 0.4)
    assert found.score == pytest.approx(0.8)


def test_a_piece_of_a_surer_part_of_its_class_is_dropped_and_one_of_another_class_stays():
    whole = Found((0, 0, 100, 100), 0, 0.9)
    piece, other = Found((10, 10, 40, 40), 0, 0.8), Found((10, 10, 40, 40), 1, 0.7)
    assert surest([whole, piece, other]) == [whole, other]


def test_parts_beside_each_other_stay():
    left, right = Found((0, 0, 100, 100), 0, 0.9), Found((100, 0, 200, 100), 0, 0.8)
    assert surest([left, right]) == [left, right]
