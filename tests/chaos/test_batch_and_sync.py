"""A long batch, then somebody who waits: a synchronous call is answered at once, and the batch still ends."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chaos.site import Site, until
from chaos.sizes import FULL, SIZES
from documents.pdfs import pages_pdf

CLIENTS = 4
CALLS = 5
OVERHEAD_S = 0.5 if FULL else 2.0  # a busy machine shall not fail the short one; behind its batch it were ten


def sync_call_s(made: Site, file_id: str) -> float:
    with made.client() as client:
        began = time.perf_counter()
        answer = client.post("/parse", json={"input": file_id})
        took = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return took


@pytest.mark.timeout(SIZES.patience_s * 2)
def test_a_sync_call_goes_before_a_batch_that_still_ends(made):
    made.start_api()
    worker = made.start_worker()
    file_id = made.upload(pages_pdf(1))
    alone_s = statistics.median(sync_call_s(made, file_id) for _ in range(CALLS))
    made.kill(worker)  # so that all of them wait
    with ThreadPoolExecutor(CLIENTS) as clients:
        batch = list(
            clients.map(
                lambda _: made.submit(file_id, queue_priority="batch"),
                range(SIZES.batch_jobs),
                timeout=600,
            )
        )
    waiting = made.rows("SELECT count(*) FROM unit WHERE status = 'pending'")[0][0]
    assert waiting == SIZES.batch_jobs
    made.start_worker()
    until(lambda: made.rows("SELECT 1 FROM unit WHERE status = 'done' AND lane = 'batch' LIMIT 1"))
    busy = [sync_call_s(made, file_id) for _ in range(CALLS)]
    left = made.rows("SELECT count(*) FROM unit WHERE status = 'pending'")[0][0]
    assert left > 0, "the calls were made while the batch went on"
    print(f"sync alone {alone_s:.3f} s, before {waiting} batch jobs {[round(one, 3) for one in busy]}")
    assert statistics.median(busy) < alone_s + OVERHEAD_S
    made.all_end()
    ended = made.rows("SELECT status, count(*) FROM job WHERE id::text = ANY(%s) GROUP BY 1", batch)
    assert ended == [("Completed", SIZES.batch_jobs)]
