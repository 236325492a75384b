from dataclasses import replace

from documents.layouts import SENTENCES, lines, words, wrapped
from recto.blocks.letter_sizes import even_sizes, without_misread_sizes
from recto.blocks.lines import baselines, cut_lines
from recto.blocks.paragraphs import group_paragraphs

PROSE = wrapped(" ".join(SENTENCES), 60)


def sized(every, size, confidence=0.9):
    return [replace(word, font_size=size, confidence=confidence) for word in every]


def regions_of(every):
    return group_paragraphs(cut_lines(baselines(every), ()))


def noisy_page(confidence=0.9):
    """A paragraph whose lines were measured at 9 to 11 points, and a line of 11.5 and one of 15 below it."""
    every = []
    for number, line in enumerate(PROSE):
        every += sized(lines([line], 72, 100 + 12 * number), (9.0, 11.0, 10.0)[number % 3], confidence)
    every += sized(words("Measured too large", 72, 300), 11.5, confidence)
    return [*every, *sized(words("Truly large", 72, 400, 15.0), 15.0, confidence)]


def sizes(regions):
    return [{word.font_size for word in region.every_word} for region in regions]


def test_lines_of_uneven_measured_sizes_are_one_paragraph():
    assert len(regions_of(noisy_page())) == 3
    assert len(regions_of(noisy_page(confidence=None))) > 3


def test_measured_sizes_near_the_running_text_are_its_size():
    assert sizes(even_sizes(regions_of(noisy_page()))) == [{10.0}, {10.0}, {15.0}]


def test_sizes_read_from_the_file_are_exact():
    regions = regions_of(noisy_page(confidence=None))
    assert even_sizes(regions) == regions


def test_what_is_known_to_be_text_may_be_measured_further_off():
    regions = regions_of([*noisy_page()[:-2], *sized(words("Known to be text", 72, 400), 13.0)])
    assert sizes(even_sizes(regions))[-1] == {13.0}
    assert sizes(even_sizes(regions, {len(regions) - 1}))[-1] == {10.0}


def test_few_letters_have_no_usual_size():
    regions = regions_of(sized(words("Poster", 72, 100, 11.0), 11.0))
    assert even_sizes(regions) == regions


def lines_of(every):
    return cut_lines(baselines(every), ())


def test_a_size_that_the_boxes_belie_is_mended():
    every = [
        *sized(lines(PROSE, 72, 100), 10.0),
        *sized(words("the last of them was misread", 72, 200), 15.0),
    ]
    assert {line.size for line in without_misread_sizes(lines_of(every))} == {10.0}


def test_a_box_that_the_size_belies_changes_nothing():
    every = [
        *sized(lines(PROSE, 72, 100), 10.0),
        *sized(words("the box of this line is tall", 72, 200, 15.0), 10.0),
    ]
    found = lines_of(every)
    assert without_misread_sizes(found) == found


def test_sizes_that_boxes_and_recogniser_agree_on_stay():
    every = [
        *sized(lines(PROSE, 72, 100), 10.0),
        *sized(words("The Flood of that Year", 72, 200, 15.0), 15.0),
    ]
    found = lines_of(every)
    assert without_misread_sizes(found) == found
    digital = lines_of([replace(word, confidence=None) for word in every])
    assert without_misread_sizes(digital) == digital
