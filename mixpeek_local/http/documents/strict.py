"""Bodies of the style `documents`: a key that is not declared is refused."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=256)]


def _is_left_out(value: Any) -> Any:
    if value:
        raise ValueError("this server does not offer it: leave it out")
    return value


NotOffered = Annotated[Any, AfterValidator(_is_left_out)]
"""A field that the API declares and this server lacks; clients that send all fields send null."""

FlagNotOffered = Annotated[bool, AfterValidator(_is_left_out)]
"""The same of a query; clients send false."""

Reply = dict[str, Any]
"""The shape of a reply in the OpenAPI document: an object; replies do not pass through a model."""


class StrictBody(BaseModel):
    """A body that refuses keys it does not declare (422 `extra_forbidden`)."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OpenBody(BaseModel):
    """A body that the API's schema leaves open."""

    model_config = ConfigDict(extra="allow", strict=True)
