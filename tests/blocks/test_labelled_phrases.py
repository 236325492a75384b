from documents.layouts import words
from recto.blocks.labelled_phrases import cut_phrases


def cut(every, blank_of=None):
    return [line.text for line in cut_phrases(every, blank_of or {}).lines]


def test_a_label_is_parted_from_its_value():
    assert cut(words("Name: Ada Lovelace", 72, 100)) == ["Name:", "Ada Lovelace"]


def test_several_labels_on_a_line_are_parted_at_the_wider_gap():
    every = [*words("DATE: 3 May", 72, 100), *words("START TIME: noon", 140, 100)]
    assert cut(every) == ["DATE:", "3 May", "START TIME:", "noon"]


def test_without_a_wider_gap_the_last_word_is_the_next_label():
    assert cut(words("DATE: 3 May 1998 TIME: noon", 72, 100)) == ["DATE:", "3 May 1998", "TIME:", "noon"]


def test_labels_without_values_follow_each_other():
    assert cut(words("Date: To: Company:", 72, 100)) == ["Date:", "To:", "Company:"]


def test_a_missed_space_after_the_colon_is_made_good():
    every = words("FAX NUMBER:(336)335", 72, 100)
    phrases = cut_phrases(every, {})
    assert [line.text for line in phrases.lines] == ["FAX NUMBER:", "(336)335"]
    pieces = [word for line in phrases.lines for word in line.words]
    assert [phrases.home[id(word)].text for word in pieces] == ["FAX", "NUMBER:(336)335", "NUMBER:(336)335"]
    assert pieces[1].box.x1 == pieces[2].box.x0


def test_times_and_addresses_stay_whole():
    assert cut(words("at 10:30 see https://example.org/a", 72, 100)) == ["at 10:30 see https://example.org/a"]


def test_a_sentence_before_a_colon_is_no_label():
    text = "All that we have said about it in the first part holds: nothing"
    assert cut(words(text, 72, 100)) == [text]


def test_phrases_end_where_a_blank_begins():
    every = words("Signed by Ada", 72, 100)
    assert cut(every, {id(every[2]): 0}) == ["Signed by", "Ada"]
