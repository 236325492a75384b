import pytest

from documents.readings import DATE, plain, read, schema
from recto.results.extract.rules import extract

WANTED = schema(signer_name="string", signer_title="string")
OATH = (60, 380, "The undersigned swear or affirm that they have read this statement.")


@pytest.mark.parametrize(
    "lines",
    [
        [OATH, (360, 440, "Ada Lindqvist, Director")],
        [OATH, (360, 440, "Ada Lindqvist"), (360, 454, "Director")],
        [
            (60, 440, "Date of report"),
            (200, 440, "Name and title"),
            (420, 440, "Signature"),
            (200, 454, "Ada Lindqvist Director"),
        ],
        [
            (200, 440, "Name and title"),
            (420, 440, "Signature"),
            (200, 454, "Ada Lindqvist"),
            (200, 468, "Director"),
        ],
    ],
)
def test_who_signed_as_what(lines):
    assert plain(extract([read(lines)], WANTED)) == {
        "signer_name": "Ada Lindqvist",
        "signer_title": "Director",
    }


def test_the_notary_is_not_the_signer():
    document = read(
        [
            OATH,
            (360, 440, "Ada Lindqvist"),
            (360, 454, "Director"),
            (60, 520, "Mary Public Jones"),
            (60, 532, "Notary Public, Commission Expires 1 May 1985"),
        ]
    )
    assert plain(extract([document], WANTED))["signer_name"] == "Ada Lindqvist"


def test_the_date_of_an_oath():
    document = read(
        [
            OATH,
            (60, 520, "this 28th day of December"),
            (260, 520, "1976"),
            (60, 536, "My commission expires March 31, 1977"),
        ]
    )
    assert plain(extract([document], schema(file_date=DATE)))["file_date"] == "1976-12-28"


def test_nobody_signed():
    assert plain(extract([read([(60, 100, "Ada Lindqvist, Director")])], WANTED)) == {
        "signer_name": None,
        "signer_title": None,
    }
