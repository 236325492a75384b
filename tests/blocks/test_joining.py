from documents.layouts import lines, words
from recto.blocks.joining import count_words, joined
from recto.blocks.lines import text_lines


def test_words_of_a_script_without_spaces_are_counted_by_their_signs():
    assert count_words(words("three plain words", 72, 100)) == 3
    assert count_words(words("美人蕉植株高度", 72, 100)) == 3.5
    assert count_words(words("表 7", 72, 100)) == 2


def test_a_word_broken_at_a_line_end_is_made_whole():
    assert (
        joined(text_lines(lines(["a broken hy-", "phen and 2-", "3 more"], 72, 100)))
        == "a broken hyphen and 2-3 more"
    )


def test_lines_of_chinese_are_joined_without_a_space():
    assert joined(text_lines(lines(["美人蕉植株", "高度"], 72, 100))) == "美人蕉植株高度"
