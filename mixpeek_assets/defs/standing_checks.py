"""The standing checks: over all days, so a failure of one day stays when another day runs.

Steps and the task sensor evaluate them too; here they are a step of their own, which a person may execute.
"""

from collections.abc import Iterator

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import STANDING_CHECKS, evaluate
from mixpeek_assets.defs.failures import user_errors_as_failures


def build_standing_checks(group: AssetGroup) -> dg.AssetChecksDefinition:
    """Return the standing checks of a group."""
    specs = [
        dg.AssetCheckSpec(check.name, asset=group.key(check.table), description=check.description)
        for check in STANDING_CHECKS
    ]

    @dg.multi_asset_check(
        name=group.named("standing_checks"), specs=specs, can_subset=True, required_resource_keys=group.resource_keys
    )
    def standing_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        """Look at the videos and tasks of all days."""
        asked = [
            check
            for check in STANDING_CHECKS
            if dg.AssetCheckKey(group.key(check.table), check.name) in context.selected_asset_check_keys
        ]
        with user_errors_as_failures(), group.warehouse(context).open().reader() as reader:
            evaluations = evaluate(reader, asked, group.key, [])
        for found in evaluations:
            yield dg.AssetCheckResult(
                asset_key=found.asset_key,
                check_name=found.check_name,
                passed=found.passed,
                severity=found.severity,
                metadata=found.metadata,
                description=found.description,
            )

    return standing_checks
