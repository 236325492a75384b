"""Document after document through one worker: neither it nor the API grows, in memory or in open files."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psutil
import pytest

from chaos.site import Site
from chaos.sizes import FULL, SIZES
from documents.pdfs import pages_pdf

CLIENTS = 2
SAMPLES = 20
MEBIBYTE = 1024 * 1024
SLOPE_MB = 1.0 if FULL else 25.0
"""Growth per 1,000 documents that is still flat. In a short run one allocation of a megabyte looks like a slope."""

MORE_FILES = 4  # connections come and go in the pools


@dataclass(frozen=True)
class Sample:
    """What a process holds after so many documents."""

    documents: int
    private_mb: float
    files: int


def sample(process: psutil.Process, documents: int) -> Sample:
    return Sample(documents, process.memory_full_info().uss / MEBIBYTE, process.num_fds())


def slope_mb(samples: list[Sample]) -> float:
    """Megabytes per 1,000 documents, by least squares."""
    line = np.polyfit([one.documents for one in samples], [one.private_mb for one in samples], 1)
    return float(line[0]) * 1000


def read(made: Site, documents: int) -> None:
    file_id = made.upload(pages_pdf(1))

    def one(_: int) -> None:
        with made.client() as client:
            assert client.post("/parse", json={"input": file_id}).status_code == 200

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(one, range(documents)))


@pytest.mark.timeout(SIZES.patience_s * 3)
def test_many_documents_leave_no_trace(made):
    api, worker = made.start_api(), made.start_worker()
    read(made, SIZES.soaked_before)
    gc.collect()
    watched = {"api": psutil.Process(api.pid), "worker": psutil.Process(worker.pid)}
    taken: dict[str, list[Sample]] = {name: [] for name in watched}
    step = SIZES.soaked // SAMPLES
    for number in range(SAMPLES):
        read(made, step)
        for name, process in watched.items():
            taken[name].append(sample(process, (number + 1) * step))
    for name, samples in taken.items():
        slope = slope_mb(samples)
        first, last = samples[0], samples[-1]
        print(f"{name}: {first} to {last}, {slope:+.2f} MB per 1,000 documents")
        assert slope < SLOPE_MB, (name, samples)
        assert last.files <= first.files + MORE_FILES, (name, samples)
    time.sleep(0.5)
    assert list((made.folder / "own" / "scratch").glob("*/unit-*")) == []
