from documents.readings import DATE, choice, leaves, plain, read, schema
from recto.document.block import Block
from recto.document.extraction import ReadDocument
from recto.document.geometry import Box
from recto.document.page import FormField
from recto.results.extract.rules import extract

PLACE = Box(200, 95, 320, 112)


def test_form_fields_are_exact():
    fields = [
        FormField("form1[0].Applicant_Name[0]", "text", PLACE, value="Ada  Byron-King"),
        FormField("f2", "text", Box(200, 125, 320, 142), label="Date of birth", value="10/12/1985"),
        FormField("f3", "checkbox", Box(200, 155, 212, 167), label="Is a citizen", value="Yes", checked=True),
        FormField("status", "radio", Box(200, 185, 212, 197), label="", value="single", checked=False),
        FormField("status", "radio", Box(240, 185, 252, 197), label="", value="married", checked=True),
    ]
    document = read(
        [(60, 100, "Name"), (60, 130, "Born"), (60, 160, "Citizen"), (60, 190, "Status")], fields=fields
    )
    wanted = schema(
        applicant_name="string", date_of_birth=DATE, is_citizen="boolean", status=choice("single", "married")
    )
    found = extract([document], wanted)
    assert plain(found) == {
        "applicant_name": "Ada  Byron-King",
        "date_of_birth": "1985-12-10",
        "is_citizen": True,
        "status": "married",
    }
    assert [leaf.verification for leaf in leaves(found)] == ["verified", "verified", "derived", "derived"]


def test_empty_form_fields_say_nothing():
    fields = [
        FormField("email", "text", PLACE, value=""),
        FormField("signature", "signature", PLACE, checked=True),
    ]
    document = read([(60, 100, "E-mail")], fields=fields)
    assert plain(extract([document], schema(email="string", signature="string"))) == {
        "email": None,
        "signature": None,
    }


def test_drawn_boxes():
    document = read(
        [
            (60, 100, "Insured: Yes [x] No [ ]"),
            (60, 120, "Smoker: [ ] Yes [X] No"),
            (60, 140, "[x] Newsletter"),
            (60, 160, "Owner: Yes No"),
            (60, 180, "Married: no"),
            (60, 200, "Size: [ ] small [x] large"),
        ]
    )
    wanted = schema(
        insured="boolean",
        smoker="boolean",
        newsletter="boolean",
        owner="boolean",
        married="boolean",
        size=choice("small", "large"),
    )
    found = extract([document], wanted)
    assert plain(found) == {
        "insured": True,
        "smoker": False,
        "newsletter": True,
        "owner": None,
        "married": False,
        "size": "large",
    }
    assert all(leaf.verification != "verified" for leaf in leaves(found))


def test_a_word_of_the_next_label_on_the_row_is_not_asked():
    lines = [(60, 100, "Approved"), (160, 100, "Yes"), (260, 100, "Urgent"), (360, 100, "No")]
    assert plain(extract([read(lines)], schema(approved="boolean", urgent="boolean"))) == {
        "approved": True,
        "urgent": False,
    }


def test_boxes_that_have_no_word_of_their_own():
    page = read([(75, 100, "Newsletter"), (75, 120, "Text messages"), (60, 140, "Parking")])
    text = "[x] Newsletter\n[ ] Text messages\nParking [x]"
    block = Block("Key Value", 1, Box(60, 95, 300, 155), text)
    document = ReadDocument(page.pages, (block,), page.words)
    wanted = schema(newsletter="boolean", text_messages="boolean", parking="boolean", messages="boolean")
    found = extract([document], wanted)
    assert plain(found) == {"newsletter": True, "text_messages": False, "parking": True, "messages": None}
    assert {leaf.verification for leaf in leaves(found) if leaf.value is not None} == {"derived"}
