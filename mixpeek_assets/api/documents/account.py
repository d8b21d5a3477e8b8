"""What the API says of the account: its limits, its balance, its estimates (today's contract, 1 and 8)."""

from contextlib import suppress

from mixpeek_assets.api.documents.calls import Calls
from mixpeek_assets.api.errors import NotFoundError, UnreadableReplyError, WrongEndpointError
from mixpeek_assets.api.port import Account
from mixpeek_assets.api.values import excerpt, number, text
from mixpeek_assets.strict_json import JsonObject, is_object

CREDITS_PER_DOLLAR = 1_000


def read_me(calls: Calls) -> Account:
    """Read whose key it is, and how many requests a minute it may send of each category; costs nothing.

    Raises:
        UnreadableReplyError: the reply is not about a key: some server answers every path.
        MixpeekError: as `Transport.send`.
    """
    body = calls.get("/me", category="metadata", namespaced=False)
    if not text(body.get("organization_id")) and not is_object(body.get("key")):
        raise UnreadableReplyError("GET /me", f"a reply that does not say whose key it is: {excerpt(body)}")
    limits = body.get("rate_limits")
    per_minute = {
        name: int(limit)
        for name, value in (limits if is_object(limits) else {}).items()
        if (limit := number(value)) is not None and limit > 0
    }
    name = text(body.get("organization_name")) or text(body.get("organization_id")) or "unnamed"
    return Account(name, tier=text(body.get("account_type")), per_minute=per_minute)


def read_account(calls: Calls) -> Account:
    """Read the same with the balance, where the API tells it."""
    me = read_me(calls)
    balance: JsonObject = {}
    with suppress(NotFoundError, WrongEndpointError):
        balance = calls.get("/organizations/billing/balance", category="metadata", namespaced=False)
    tier = text(balance.get("account_tier")) or me.tier
    return Account(me.name, number(balance.get("credit_balance")), tier, me.per_minute)


def estimate(calls: Calls, videos: int) -> tuple[float | None, float | None]:
    """Return what processing some videos is estimated to cost, in credits and dollars; None: there is no estimate.

    How long they are is not known here, and not sent.
    """
    body: JsonObject = {"items": [{"mime_type": "video/mp4", "count": videos}]}
    try:
        reply = calls.post("/organizations/billing/estimate", body, category="metadata", namespaced=False)
    except (NotFoundError, WrongEndpointError):
        return None, None
    dollars = number(reply.get("total_usd"))
    # Nothing is free: it is an estimate by minutes, which are not known.
    return (dollars * CREDITS_PER_DOLLAR, dollars) if dollars else (None, None)
