"""Files made to harm a reader, read in this process; what kills one is in tests/chaos."""

import resource

import pytest

from documents import hostile
from recto.errors import DocumentCorrupt
from recto.intake.filetype import detect
from recto.pages import reading

CPU_LIMIT_S = 10.0  # seen: 3 for the picture, 0.2 for all others


def written(folder, content: bytes):
    path = folder / "hostile.pdf"
    path.write_bytes(content)
    return path, detect(path)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("case", hostile.HARMLESS)
def test_claims_are_not_believed(tmp_path, case):
    path, file_type = written(tmp_path, hostile.HARMLESS[case]())
    begun = cpu_s()
    found = reading.inspect(path, file_type, None, tmp_path)
    assert found.pages == 1
    (page,) = reading.read(found.readable or path, file_type, [1])
    assert page.words == ()
    assert cpu_s() - begun < CPU_LIMIT_S


@pytest.mark.parametrize("case", hostile.HOPELESS)
def test_a_tree_without_pages_is_damage(tmp_path, case):
    path, file_type = written(tmp_path, hostile.HOPELESS[case]())
    with pytest.raises(DocumentCorrupt, match="damaged"):
        reading.inspect(path, file_type, None, tmp_path)
