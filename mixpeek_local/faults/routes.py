"""`/faults`: the rules in force and what was played. It exists only while faults are on, behind the key."""

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer
from starlette.responses import Response

from mixpeek_local.faults.rules import Rules
from mixpeek_local.faults.script import Script
from mixpeek_local.http import openapi
from mixpeek_local.http.json_route import JSONRoute
from mixpeek_local.http.replies import JSON

PATH = "/faults"


def router(script: Script) -> APIRouter:
    """Routes that read and write the script; on the event loop, like everything that uses it."""
    dependencies = [Security(HTTPBearer(auto_error=False))]
    routes = APIRouter(tags=["server"], route_class=JSONRoute, dependencies=dependencies, responses=openapi.ERRORS)

    @routes.get(PATH)
    async def get_faults() -> Response:
        """List the rules with how often each was met and played, and the latest thousand plays, oldest first."""
        return JSON(script.report())

    @routes.put(PATH)
    async def replace_faults(rules: Rules) -> Response:
        """Replace all rules, and reset the counters."""
        script.replace(rules)
        return JSON(script.report())

    @routes.delete(PATH)
    async def end_faults() -> Response:
        """Delete all rules, and forget what was played."""
        script.replace(())
        return JSON(script.report())

    return routes
