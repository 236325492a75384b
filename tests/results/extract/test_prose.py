import pytest

from documents.readings import DATE, leaves, paragraph, plain, read, schema
from recto.results.extract.prose import sentence_at
from recto.results.extract.rules import extract

WANTED = schema(effective_date=DATE, governing_law="string", term="string", parties=["string"])


def agreement(first: str, *clauses: str, title: str = "NONDISCLOSURE AGREEMENT"):
    lines = [(60.0, 50.0, title), *paragraph(first, 90.0)]
    top = lines[-1][1]
    for clause in clauses:
        top += 40.0
        more = paragraph(clause, top)
        lines.extend(more)
        top = more[-1][1]
    return read(lines)


PLAIN = agreement(
    "This Nondisclosure Agreement (this “Agreement”) is made as of March 9, 2019 "
    "(the “Effective Date”) by and between"
    " Heron Labs, Inc., a Delaware corporation located at 12 Dock Road "
    "(“Discloser”), and Blue Finch LLC (“Recipient”).",
    "1. Use. The Recipient shall use the confidential information for the purpose "
    "only and shall tell nobody about it at all.",
    "2. Term. This Agreement shall terminate two (2) years after the Effective Date "
    "unless the parties agree otherwise in writing.",
    "3. Governing law. This Agreement shall be governed by and construed in "
    "accordance with the laws of the State of Ohio,"
    " without regard to its conflicts of laws principles.",
)


def test_an_agreement():
    assert plain(extract([PLAIN], WANTED)) == {
        "effective_date": "2019-03-09",
        "governing_law": "Ohio",
        "term": "2 years",
        "parties": ["Heron Labs, Inc.", "Blue Finch LLC"],
    }


def test_its_values_are_verified():
    assert {leaf.verification for leaf in leaves(extract([PLAIN], WANTED))} == {"verified"}


def test_an_anniversary_is_derived():
    document = agreement(
        "This Supply Agreement is entered into effective as of 1 May 2020 between Oak "
        "Ltd. (“Supplier”) and Elm GmbH (“Buyer”) today.",
        "2. Term. This Agreement shall continue until the third anniversary of the "
        "Effective Date, and then expires without notice.",
        title="SUPPLY AGREEMENT",
    )
    found = extract([document], schema(term="string", effective_date=DATE))
    assert plain(found) == {"term": "3 years", "effective_date": "2020-05-01"}
    assert [leaf.verification for leaf in leaves(found)] == ["derived", "verified"]


def test_a_letter():
    lines = [
        (60, 40, "CONFIDENTIALITY AGREEMENT"),
        (400, 70, "July 22, 2011"),
        (60, 100, "Cedar Commodities LLC"),
        (60, 112, "40 Bank Road"),
        (60, 150, "Dear Mr. Hogan:"),
        *paragraph(
            "You have asked for information about Sugar Maple Company (the “Company”) in "
            "connection with a possible transaction."
            " As a condition of it the Company asks you to agree to this confidentiality "
            "agreement and its terms.",
            170,
        ),
    ]
    answer = plain(extract([read(lines)], schema(effective_date=DATE, party=["string"])))
    assert answer["effective_date"] == "2011-07-22"
    assert sorted(answer["party"]) == ["Cedar Commodities LLC", "Sugar Maple Company"]


@pytest.mark.parametrize(
    "clause",
    [
        (
            "The Executive shall not solicit any employee for a period of two years after "
            "the end of his employment with the firm."
        ),
        (
            "The severance is paid for twelve months, and the benefits continue for the same "
            "period under this Agreement as said."
        ),
    ],
)
def test_other_periods_are_no_term(clause: str):
    document = agreement(
        "This Agreement is made between Heron Labs, Inc. (“Company”) and the person who "
        "signs it (“Employee”) now.",
        clause,
    )
    assert plain(extract([document], schema(term="string")))["term"] is None


def test_a_document_that_is_no_agreement_defines_nothing():
    document = read(
        paragraph(
            "The museum was governed by the laws of the State of Ohio as of March 9, 2019 and for two years. "
            * 3
        )
    )
    assert plain(extract([document], WANTED)) == {
        "effective_date": None,
        "governing_law": None,
        "term": None,
        "parties": [],
    }


def test_sentences():
    assert sentence_at("One is here. Two is there. Three.", 15) == "Two is there."
    assert sentence_at("Only one", 3) == "Only one"
