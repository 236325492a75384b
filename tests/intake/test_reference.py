"""The forms of an `input`, and the messages for what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recto.errors import InvalidConfig, NotFound
from recto.intake.reference import (
    JobReference,
    UploadReference,
    UrlReference,
    normalise_extension,
    parse_reference,
    upload_id,
)

ID = "3f2b8c1e-5d4a-4f6b-9c7d-0123456789ab"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/a.pdf?sig=1#x", UrlReference("https://example.com/a.pdf?sig=1#x")),
        ("  http://example.com  ", UrlReference("http://example.com")),
        ("HTTPS://Example.com/A", UrlReference("HTTPS://Example.com/A")),
        (f"reducto://{ID}", UploadReference(ID)),
        (f"reducto://{ID}.pdf", UploadReference(ID, ".pdf")),
        (f"Reducto://{ID.upper()}.PDF", UploadReference(ID, ".pdf")),
        (f"jobid://{ID}", JobReference(ID)),
        (f"jobid://{ID.upper()}", JobReference(ID)),
    ],
)
def test_accepted_forms(text, expected):
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("report.pdf", "/upload"),
        ("/etc/passwd", "/upload"),
        ("C:\\papers\\a.pdf", "/upload"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("ftp://example.com/a", "ftp: references are not accepted"),
        ("data:application/pdf;base64,AAAA", "data: references are not accepted"),
        ("s3://bucket/a.pdf", "no bucket credentials are configured"),
        ("gs://bucket/a.pdf", "no bucket credentials are configured"),
        ("http:///a.pdf", "names no host"),
        ("https://[::1/a", "not a valid URL"),
        ("https://example.com/a\nb", "control character"),
        ("reducto://../../etc", "not an upload reference"),
        (f"reducto://{ID}/x", "not an upload reference"),
        (f"reducto://{ID}.tar.gz", "not an upload reference"),
        ("jobid://17", "not a job reference"),
        (f"jobid://{ID}.pdf", "not a job reference"),
    ],
)
def test_refused_forms_say_why(text, said):
    with pytest.raises(InvalidConfig) as caught:
        parse_reference(text)
    assert said in caught.value.message


def test_messages_are_short_and_keep_the_signature_of_a_url_secret():
    with pytest.raises(InvalidConfig) as caught:
        parse_reference("ftp://example.com/" + "a" * 5000 + "?signature=secret")
    assert len(caught.value.message) < 500
    with pytest.raises(InvalidConfig) as caught:
        parse_reference("ftp://example.com/a?signature=secret")
    assert "secret" not in caught.value.message


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused(text):
    try:
        found = parse_reference(text)
    except InvalidConfig:
        return
    assert isinstance(found, UrlReference | UploadReference | JobReference)


@pytest.mark.parametrize(
    "text", [f"reducto://{ID}.pdf", f"reducto:/{ID}.pdf", f"{ID}.pdf", ID, ID.upper(), f" reducto://{ID} "]
)
def test_upload_id_in_every_usual_spelling(text):
    assert upload_id(text) == ID


@pytest.mark.parametrize(
    "text", ["", "abc", "../" + ID, f"jobid://{ID}", f"reducto://reducto://{ID}", ID + "\n."]
)
def test_no_upload_has_another_id(text):
    with pytest.raises(NotFound):
        upload_id(text)


@pytest.mark.parametrize("text", ["PDF", ".pdf", " .Pdf "])
def test_extensions_are_normalised(text):
    assert normalise_extension(text) == ".pdf"


@pytest.mark.parametrize("text", ["", ".", "a/b", "..pdf", "tar.gz", "pdf\n.exe", "abcdefghijk"])
def test_what_is_no_extension_is_refused(text):
    with pytest.raises(InvalidConfig):
        normalise_extension(text)
