import pytest

from recto.pages import xfa


def test_values_by_name_whatever_the_prefix():
    packet = (
        b"<x:datasets xmlns:x='u'><x:data><form><Name>Ada</Name><Sum> 12 </Sum></form></x:data></x:datasets>"
    )
    assert xfa.values_of(packet) == {"Name": "Ada", "Sum": "12"}


def test_a_name_that_stands_twice_is_nobodys():
    assert xfa.values_of(b"<data><row><Sum>1</Sum></row><row><Sum>2</Sum></row></data>") == {}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x00\x00",
        b"<data><Name>Ada",
        b"<!DOCTYPE data [<!ENTITY a 'boom'>]><data><Name>&a;</Name></data>",
        "<!DOCTYPE data [<!ENTITY a 'boom'>]><data><Name>&a;</Name></data>".encode("utf-16"),
        b"<!DOCTYPE data SYSTEM 'file:///etc/hostname'><data><Name>Ada</Name></data>",
        b"<a>" * 5000 + b"</a>" * 5000,
    ],
)
def test_what_is_not_trusted_counts_as_empty(packet):
    assert xfa.values_of(packet) == {}


def test_names_without_paths_and_indices():
    assert xfa.short_name("topmostSubform[0].Page1[0].Name[3]") == "Name"
    assert xfa.short_name("Name") == "Name"
