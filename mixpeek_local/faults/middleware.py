"""The outermost layer of the application while faults are on."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from mixpeek_local.faults import routes
from mixpeek_local.faults.document_outcomes import DocumentOutcomes
from mixpeek_local.faults.exchange import Exchange
from mixpeek_local.faults.kinds import PLAYS
from mixpeek_local.faults.outcomes import Outcomes
from mixpeek_local.faults.rules import FaultRule, OutcomeRule
from mixpeek_local.faults.script import Script
from mixpeek_local.http.auth import OPEN_FOLDERS, OPEN_PATHS
from mixpeek_local.store.store import Store

# The server's own paths, not Mixpeek's: a health check or an open page must not use up a rule.
_SPARED_PATHS = OPEN_PATHS | {routes.PATH, "/activity", "/media-links", "/uploads"}


class Faults:
    """Plays the HTTP faults of a script. It must be outermost: only there is `send` uvicorn's own."""

    def __init__(self, app: ASGIApp, script: Script) -> None:
        self._app = app
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Play the fault that the request meets, or pass the request on."""
        rule = None if scope["type"] != "http" or _is_spared(scope["path"]) else self._rule(scope)
        if rule is None:
            await self._app(scope, receive, send)
        else:
            await PLAYS[rule.fault](Exchange(self._app, scope, receive, send), rule)

    def _rule(self, scope: Scope) -> FaultRule | None:
        path = scope["path"]
        return self._script.fault(scope["method"], path[3:] if path.startswith("/v1/") else path)


def with_faults(app: FastAPI, store: Store, rules: Sequence[FaultRule | OutcomeRule]) -> ASGIApp:
    """Wrap the application so that it plays these rules, or those that `/faults` gets later."""
    script = Script(rules)
    app.include_router(routes.router(script))
    return Faults(Outcomes(DocumentOutcomes(app, script, store), script, store), script)


def _is_spared(path: str) -> bool:
    return path in _SPARED_PATHS or path.startswith(OPEN_FOLDERS)
