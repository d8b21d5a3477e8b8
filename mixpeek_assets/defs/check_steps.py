"""The checks as steps of their own, which a person may execute; the runs that fill a table evaluate them too."""

from collections.abc import Iterator, Sequence

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.check_targets import with_targets
from mixpeek_assets.defs.checks import DAY_CHECKS, STANDING_CHECKS, Check, evaluate
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.partitions import days

_DAYS_OF_ALL = 31
"""Of how many days the checks are evaluated where none is chosen."""


def build_check_steps(group: AssetGroup) -> list[dg.AssetChecksDefinition]:
    """Return the checks of a group: those of a day, and the standing ones of all days.

    The standing ones look at all days, so a failure of one day stays when another day runs.
    """
    return [_build(group, "day_checks", DAY_CHECKS), _build(group, "standing_checks", STANDING_CHECKS)]


def _build(group: AssetGroup, name: str, checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=group.key(check.table),
            description=check.description,
            partitions_def=None if check.every_day else group.partitions,
        )
        for check in checks
    ]

    @dg.multi_asset_check(
        name=group.named(name), specs=specs, can_subset=True, required_resource_keys=group.resource_keys
    )
    def check_step(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
        """Look at the tables, and send nothing."""
        asked = [check for check in checks if group.check_key(check) in context.selected_asset_check_keys]
        of_days = context.has_partition_key or context.has_partition_key_range
        with user_errors_as_failures(), group.warehouse(context).open().reader() as reader:
            # "Execute all" chooses no partition.
            partitions = days(context.partition_keys) if of_days else reader.newest_days(_DAYS_OF_ALL)
            evaluations = evaluate(reader, asked, group.key, partitions)
        yield from with_targets(context.instance, evaluations)

    return check_step
