"""Many jobs of different kinds, and what must have become of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from chaos.receiver import Receiver
from chaos.site import Site
from documents.pdfs import empty_pdf, locked_pdf, pages_pdf

STEPS = {"name": "chaos", "steps": [{"parse": {}}]}


@dataclass(frozen=True)
class Expected:
    """A submitted job: what it is, and how many pages it has, or the name of its error."""

    job_id: str
    kind: str
    pages: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Crowd:
    """Uploaded documents to make jobs of."""

    site: Site
    short: str
    long: str
    long_pages: int
    empty: str
    locked: str
    pipeline: str

    @classmethod
    def prepare(cls, site: Site, long_pages: int) -> "Crowd":
        deployed = site.call("POST", "/recto/v1/pipelines", json=STEPS)
        assert deployed.status_code == 201, deployed.text
        return cls(
            site,
            short=site.upload(pages_pdf(1)),
            long=site.upload(pages_pdf(long_pages, 300)),
            long_pages=long_pages,
            empty=site.upload(empty_pdf()),
            locked=site.upload(locked_pdf()),
            pipeline=deployed.json()["pipeline_id"],
        )

    def submit(self, chance: Random, hook: Receiver) -> Expected:
        kind = chance.choices(
            ["short", "long", "pipeline", "empty", "locked", "batch"], weights=[8, 4, 3, 1, 1, 3]
        )[0]
        match kind:
            case "long":
                return Expected(self.site.submit(self.long, hook), kind, self.long_pages)
            case "batch":
                job_id = self.site.submit(self.short, hook, queue_priority="batch")
                return Expected(job_id, kind, 1)
            case "empty":
                return Expected(self.site.submit(self.empty, hook), kind, error="DOCUMENT_EMPTY")
            case "locked":
                return Expected(
                    self.site.submit(self.locked, hook), kind, error="DOCUMENT_PASSWORD_PROTECTED"
                )
            case "pipeline":
                return Expected(self._run_pipeline(hook), kind, 2 + self.long_pages)
            case _:
                return Expected(self.site.submit(self.short, hook), kind, 1)

    def _run_pipeline(self, hook: Receiver) -> str:
        body = {
            "pipeline_id": self.pipeline,
            "input": [self.short, self.long, self.short],
            "async": {"webhook": {"mode": "direct", "url": hook.url}},
        }
        answer = self.site.call("POST", "/pipeline_async", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["job_id"]


def check(site: Site, expected: Sequence[Expected], hook: Receiver) -> None:
    """Every job ended as it must, with every page once, and its webhook came under one id."""
    for one in expected:
        job = site.job(one.job_id)
        if one.error is not None:
            assert (job["status"], job["error"]["name"]) == ("Failed", one.error), job
            continue
        assert job["status"] == "Completed", (one, job)
        assert job["warnings"] == [], (one, job)
        assert job["num_pages"] == one.pages, (one, job)
        for text, pages in texts(site, job, one):
            found = [text.count(f"Page {n}\n") + text.count(f"Page {n} ") for n in range(1, pages + 1)]
            assert found == [1] * pages, (one, found)
    for one in expected:
        ids = {message.delivery for message in hook.about(one.job_id)}
        assert len(ids) == 1, (one, ids)


def texts(site: Site, job: dict[str, Any], one: Expected) -> list[tuple[str, int]]:
    """The text of each document of a job, with its number of pages."""
    if one.kind != "pipeline":
        return [(site.text_of(job), one.pages)]
    parses = job["result"]["result"]["parse"]
    return [(site.text_of({"result": parse}), parse["usage"]["num_pages"]) for parse in parses]
