"""What forked processes find imported: the commands, and what a first run of Dagster imports on its way."""

import tempfile

import dagster as dg
import pandas as pd
import pytest

from mixpeek_assets.cli import dev, doctor, main, plan, query, retry, run, search, status
from tests.fakes import pipeline

__all__ = [
    "dev",
    "doctor",
    "main",
    "pd",
    "pipeline",
    "plan",
    "pytest",
    "query",
    "retry",
    "run",
    "search",
    "status",
]


@dg.op
def nothing() -> None:
    """Do nothing."""


@dg.job
def example() -> None:
    """Do nothing, as a job."""
    nothing()


with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp(folder) as instance:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    example.execute_in_process(run_config=quiet, instance=instance)
