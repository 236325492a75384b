from hypothesis import given
from hypothesis import strategies as st

from recto.inference.cost import estimated_tokens
from recto.results.extract.numbered import NumberedLine
from recto.results.extract.windows import LINE_TOKENS, SMALLEST_LINES, Window, windows


def pages(*counts, letters=30):
    return [
        NumberedLine(0, page, "a" * letters) for page, count in enumerate(counts, 1) for _ in range(count)
    ]


def test_windows_of_ten_pages_share_one():
    found = windows(pages(*[2] * 25), 10_000, 10)
    assert found == [Window(1, 20), Window(19, 38), Window(37, 50)]


def test_a_long_page_is_cut_between_lines():
    found = windows(pages(200), 800)
    assert len(found) >= 3
    assert found[0].first == 1
    assert found[-1].last == 200


def test_no_lines_no_windows():
    assert windows([], 100) == []


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=20),
    st.integers(50, 3000),
    st.none() | st.integers(1, 12),
    st.integers(1, 200),
)
def test_every_line_is_in_a_window_and_no_window_is_too_large(counts, tokens, most, letters):
    lines = pages(*counts, letters=letters)
    found = windows(lines, tokens, most)
    covered = {number for window in found for number in range(window.first, window.last + 1)}
    assert covered == set(range(1, len(lines) + 1))
    assert [window.last for window in found] == sorted({window.last for window in found})
    for window in found:
        used = sum(
            estimated_tokens(line.text) + LINE_TOKENS for line in lines[window.first - 1 : window.last]
        )
        assert used <= tokens or window.size < 2 * SMALLEST_LINES
        assert most is None or len({line.page for line in lines[window.first - 1 : window.last]}) <= most
