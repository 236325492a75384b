"""The fixtures of the job tests."""

from job_yard import job_database, yard

__all__ = ["job_database", "yard"]
