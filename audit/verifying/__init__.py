"""Verifying the trail: every event and every row is read again, and nothing in the database is believed that a
signature, a key or a checkpoint outside the database does not confirm."""

from audit.verifying.result import Problem, Result
from audit.verifying.verify import verify

__all__ = ["Problem", "Result", "verify"]
