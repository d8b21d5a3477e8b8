"""The account: whose key it is, its limits, and its money."""

from typing import Any

from tests.fakes.today.errors import RefusedError
from tests.fakes.today.routes import Call, check_keys, route
from tests.fakes.today.world import World

_CREDITS_A_MINUTE = 50
_USD = 0.001


def usd(credits_: float) -> float:
    """Return what credits cost."""
    return round(credits_ * _USD, 6)


def check_credits(world: World) -> None:
    """Refuse what costs money when there is none."""
    if world.credits <= 0:
        details = {"resource": "credits", "current": 0, "limit": 0, "tier": "build"}
        raise RefusedError(403, "QuotaExceededError", "The plan's credits are used up", details=details)


@route("GET", "/me", has_namespace=False)
def me(world: World, call: Call) -> Any:
    key = {"name": "test", "key_type": "secret", "permissions": ["read", "write", "delete"], "expires_at": None}
    return {
        "organization_id": "org_test",
        "organization_name": "Test",
        "account_type": "build",
        "user_email": None,
        "key": key,
        "rate_limits": world.rate_limits,
        "principal_scoped": False,
    }


@route("GET", "/organizations/billing/balance", has_namespace=False)
def balance(world: World, call: Call) -> Any:
    return {
        "organization_id": "org_test",
        "credit_balance": world.credits,
        "account_tier": "build",
        "daily_burn_rate": 0.0,
        "estimated_days_remaining": None,
    }


@route("POST", "/organizations/billing/estimate", "features full_res", "items", has_namespace=False)
def estimate(world: World, call: Call) -> Any:
    lines = list[dict[str, Any]]()
    for item in call.body["items"]:
        check_keys(item, frozenset({"mime_type", "count", "minutes", "pages", "tokens", "units"}), "body", "items")
        spent = _CREDITS_A_MINUTE * (item.get("minutes") or 1) * (item.get("count") or 1)
        lines.append({**item, "credits": spent, "usd": usd(spent)})
    total = round(sum(line["usd"] for line in lines), 6)
    return {
        "placeholder_rates": False,
        "batch_minimum_applied": False,
        "total_usd": total,
        "line_items": lines,
        "estimated_overage_usd": 0.0,
    }
