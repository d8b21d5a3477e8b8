"""The code location of the tests of several machines: the project's own, in a world whose clocks run faster."""

from datetime import timedelta
from functools import partial

import dagster as dg

from mixpeek_assets.cluster import budget
from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.defs import run_requests
from mixpeek_assets.settings import load_settings

WINDOW = 6.0
"""Seconds of a "minute" of the rate limit."""

_TICK_SECONDS = 2

assert budget.PostgresBucket
budget.PostgresBucket = partial(budget.PostgresBucket, window=timedelta(seconds=WINDOW))  # pyright: ignore[reportAttributeAccessIssue]

assert run_requests._FIRST_BACK_OFF
run_requests._FIRST_BACK_OFF = timedelta(seconds=_TICK_SECONDS)


@dg.definitions
def defs() -> dg.Definitions:
    """Return the project's definitions, with sensors that tick more often."""
    quick = build_definitions(load_settings())
    for sensor in quick.sensors or ():
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor._min_interval
        sensor._min_interval = _TICK_SECONDS
    return dg.Definitions.merge(quick, dg.Definitions(executor=dg.in_process_executor))
