"""`/v1/me` and `/v1/organizations/billing`: an account that pays nothing, with the prices of a real one."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.documents.strict import Reply, StrictBody, Text
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.documents.progress import USD_PER_CREDIT, credits_of
from mixpeek_local.store.documents.usage import seconds_processed
from mixpeek_local.store.store import Store

ORGANIZATION = "org_local"
UNLIMITED = 100_000
"""The limit that is told where there is none, and the balance that never ends."""

Amount = Annotated[float | None, Field(ge=0, le=1e9)]


class EstimateItem(StrictBody):
    """Content that is planned."""

    mime_type: Text
    count: Amount = None
    minutes: Amount = None
    pages: Amount = None
    tokens: Amount = None
    units: Amount = None


class Estimate(StrictBody):
    """What to estimate."""

    items: Annotated[list[EstimateItem], Field(min_length=1, max_length=100)]
    features: Annotated[list[Text], Field(max_length=100)] | None = None
    full_res: bool | None = None


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """Routes about the account."""
    routes = APIRouter(tags=["account"], route_class=DocumentsRoute)

    @routes.get("/me", response_model=Reply)
    async def get_me() -> Response:
        """Say whose key this is, and how many requests a minute each endpoint answers."""
        limit = config.requests_per_minute or UNLIMITED
        return JSON(
            {
                "organization_id": ORGANIZATION,
                "organization_name": "this machine",
                "account_type": "LOCAL",
                "user_email": None,
                "key": {
                    "name": "local",
                    "key_type": "SECRET",
                    "permissions": ["READ", "WRITE", "DELETE"],
                    "expires_at": None,
                },
                "rate_limits": dict.fromkeys(("metadata", "data", "search", "upload", "compute"), limit),
                "principal_scoped": False,
            }
        )

    @routes.post("/organizations/billing/estimate", response_model=Reply)
    async def estimate(request: Estimate) -> Response:
        """Estimate the price of planned content; only minutes of video cost something."""
        lines = [_line(item) for item in request.items]
        total = sum(line["usd"] for line in lines)
        return JSON(
            {
                "pricing_model": "v2",
                "placeholder_rates": True,
                "line_items": lines,
                "total_usd": total,
                "batch_minimum_applied": False,
                "allowance_covered_usd": total,
                "estimated_overage_usd": 0.0,
            }
        )

    @routes.get("/organizations/billing/balance", response_model=Reply)
    async def balance() -> Response:
        """Return the balance, which stays as it is."""
        body = {"organization_id": ORGANIZATION, "credit_balance": UNLIMITED, "account_tier": "local"}
        return JSON(body | {"daily_burn_rate": 0.0, "estimated_days_remaining": None})

    @routes.get("/organizations/billing/usage/current", response_model=Reply)
    def usage() -> Response:
        """Return what this month's batches would have cost."""
        begin, end = _month(datetime.now(UTC))
        seconds, objects = seconds_processed(store.database, since=begin.isoformat(timespec="microseconds"))
        used = credits_of(seconds)
        plan = {"product": "managed", "tier": "local", "plan_name": "local", "monthly_minimum_cents": 0}
        usage = {"objects_processed": objects, "object_cap": None, "usage_pct": 0.0, "cap_state": "ok"}
        return JSON(
            {
                "current_month_usage": used,
                "billing_month": f"{begin:%Y-%m}",
                "billing_period_start": begin.isoformat(),
                "billing_period_end": end.isoformat(),
                "estimated_cost_usd": used * USD_PER_CREDIT,
                "credit_rate": USD_PER_CREDIT,
                "auto_billing_enabled": False,
                "next_invoice_date": end.isoformat(),
                "plan_usage": plan | usage,
            }
        )

    return routes


def _line(item: EstimateItem) -> dict[str, Any]:
    # What says no length counts as a minute each.
    minutes = item.minutes if item.minutes is not None else item.count or 0.0
    cost = credits_of(60 * minutes)
    return {"mime_type": item.mime_type, "minutes": minutes, "credits": cost, "usd": cost * USD_PER_CREDIT}


def _month(moment: datetime) -> tuple[datetime, datetime]:
    begin = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begin, begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
