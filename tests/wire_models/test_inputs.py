import pytest
from pydantic import TypeAdapter, ValidationError

from recto.wire.inputs import Input, references
from recto.wire.uploads import UploadResponse

ADAPTER = TypeAdapter(Input)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://example.com/a.pdf", ["https://example.com/a.pdf"]),
        (["jobid://1", "reducto://2.pdf"], ["jobid://1", "reducto://2.pdf"]),
        ([], []),
        ({"file_id": "reducto://3.pdf", "presigned_url": None}, ["reducto://3.pdf"]),
        ({"file_id": "reducto://3"}, ["reducto://3"]),
        (UploadResponse(file_id="reducto://4"), ["reducto://4"]),
    ],
)
def test_every_form_of_input_gives_references(given, expected):
    assert references(ADAPTER.validate_python(given)) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (7, "the input is a string"),
        ([1], "string"),
        ({"url": "x"}, "required"),
        (None, "the input is a string"),
    ],
)
def test_anything_else_is_one_error(given, said):
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(given)
    (error,) = caught.value.errors()
    assert said in error["msg"]
