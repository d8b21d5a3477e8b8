"""What a day looks like: its funnel, how long its tasks took, a map of its embeddings. Figures come first."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from mixpeek_assets.defs import charts, markdown, previews
from mixpeek_assets.defs.charts import COLOURS, FAINT, Bar
from mixpeek_assets.defs.embedding_map import embedding_map, glance, large
from mixpeek_assets.labels import brief, duration, money
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import DayProgress, SampledEmbedding, TaskDurations
from mixpeek_assets.warehouse.schema import TableName

Metadata = dict[str, dg.MetadataValue[Any]]

_BOUNDS = {3.0: "3 s", 10.0: "10 s", 30.0: "30 s", 60.0: "1 min", 180.0: "3 min", 600.0: "10 min", 3600.0: "1 h"}
_BLUE, _YELLOW, _GREEN, _RED = COLOURS[0], COLOURS[1], COLOURS[2], "#f66"

_MAPPED = 500
"""Embeddings on a map: more are no clearer, and the map is to cost as little for a million as for a thousand."""


def day_metadata(
    reader: Reader, table: TableName, days: Sequence[date], *, thumbnails: Path | None = None
) -> dict[date, Metadata]:
    """Return what a table's rows of each day look like, to show with its partition; a day without rows has nothing.

    Args:
        reader: The open file.
        table: The table.
        days: The days.
        thumbnails: The local API's folder of pictures; None: the API is another.
    """
    shown = previews.previews(reader, table, days)
    parts: dict[str, Mapping[date, dg.MetadataValue[Any]]] = {}
    if table in ("tasks", "vectors"):
        parts["funnel"] = {day: _funnel(progress) for day, progress in reader.day_progress(days).items()}
    if table == "tasks":
        took = reader.task_durations(days, list(_BOUNDS))
        costs = reader.costs(days)
        parts["credits"] = {one.partition_date: dg.MetadataValue.float(one.credits) for one in costs if one.credits}
        parts["cost"] = {one.partition_date: dg.MetadataValue.text(money(one.credits, one.cost_usd)) for one in costs}
        parts["durations"] = {durations.partition_date: _durations(durations) for durations in took}
    if table == "vectors":
        parts["embeddings"] = previews.embeddings(reader, days)
        maps = {day: _maps(sample, thumbnails) for day, sample in reader.embedding_samples(days, _MAPPED)}
        for name in ("map", "map_large"):
            parts[name] = {day: drawn[name] for day, drawn in maps.items() if drawn}
    parts["preview"] = shown
    if table == "features":
        parts["moments"] = previews.moments(reader, days)
    parts["rows_in_sql"] = {day: previews.rows_sql(table, day, reader.collection) for day in shown}
    return {day: {name: values[day] for name, values in parts.items() if day in values} for day in shown}


def _funnel(progress: DayProgress) -> dg.MetadataValue[Any]:
    stages = [
        Bar(f"videos {progress.videos:,}", progress.videos, FAINT),
        Bar(f"submitted {progress.submitted:,}", progress.submitted, _BLUE),
        Bar(f"settled {progress.settled:,}", progress.settled, _YELLOW),
        *([Bar(f"failed {progress.failed:,}", progress.failed, _RED)] if progress.failed else []),
        Bar(f"landed {progress.landed:,}", progress.landed, _GREEN),
    ]
    return _with_figures(", ".join(stage.label for stage in stages), charts.bars(stages))


def _durations(durations: TaskDurations) -> dg.MetadataValue[Any]:
    figures = (
        f"median {duration(durations.median)}, 95 % within {duration(durations.most_of_them)},"
        f" fastest {duration(durations.least)}, slowest {duration(durations.most)} ({durations.tasks:,} settled)"
    )
    counts = list(durations.histogram.items())
    some = [index for index, (_, count) in enumerate(counts) if count]
    chart = [
        Bar(f"{'to ' + _BOUNDS[bound] if bound in _BOUNDS else 'longer'}: {count:,}", count)
        for bound, count in counts[some[0] : some[-1] + 1]
    ]
    return _with_figures(figures, charts.bars(chart))


def _maps(sample: Sequence[SampledEmbedding], thumbnails: Path | None) -> Metadata:
    """Draw a day's embeddings: a few at once, and more with pictures behind a click."""
    found = embedding_map(sample)
    if found is None:
        return {}
    first = sample[0]
    figures = (
        f"{markdown.code(brief(first.vector_name, 60))}: {first.vectors:,} vectors of {first.dimensions:,} dimensions,"
        f" {found.kept:.0%} of their variance in two. Near is alike, a colour is a video."
    )
    legend = f"{figures} A shape is a modality."
    return {
        "map": dg.MetadataValue.md(f"{figures}\n\n{glance(found, markdown.INLINE - len(figures) - 2)}"),
        "map_large": dg.MetadataValue.md(f"{legend}\n\n{large(found, thumbnails)}"),
    }


def _with_figures(figures: str, svg: str) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.md(f"{figures}\n\n{markdown.picture(svg, 'chart')}")
