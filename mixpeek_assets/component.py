"""`MixpeekCollectionComponent`: one collection of videos as a Dagster component, in YAML or Python, in any project."""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import dagster as dg
from dagster.components import Scaffolder, ScaffoldRequest
from dagster.components.component_scaffolding import scaffold_component
from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from mixpeek_assets.definitions import DAILY, build_definitions
from mixpeek_assets.settings import KEY_NAME, Settings, SettingsError, load_settings

_SETTINGS = {
    "source": "videos",
    "collection": "collection",
    "extractors": "feature_extractors",
    "warehouse": "warehouse",
    "data_dir": "data_dir",
    "api_url": "api_url",
    "api_style": "api_style",
    "api_prefix": "api_prefix",
    "namespace": "namespace",
    "requests_per_minute": "requests_per_minute",
    "key_variable": "key_variable",
}
"""For each field of the YAML that is a setting, its name there."""

_OF_DAGSTER: Mapping[str, Callable[[Any], object]] = {
    "key_prefix": lambda value: _names(value or "any"),
    "group": lambda value: dg.AssetSpec("any", group_name=value),
    "owners": lambda value: dg.AssetSpec("any", owners=value),
    "tags": lambda value: dg.AssetSpec("any", tags=value),
    "schedule": lambda value: dg.ScheduleDefinition(job_name="any", cron_schedule=value or DAILY),
}
"""For each field that is for Dagster, what raises an error if it cannot be used."""


class CollectionScaffolder(Scaffolder):
    """Makes a `defs.yaml` in which every field has its words, and beside it a manifest to fill in."""

    def scaffold(self, request: ScaffoldRequest[Any]) -> None:
        """Write the files."""
        if request.scaffold_format == "python":
            scaffold_component(request)
            return
        file = request.target_path if request.append else request.target_path / "defs.yaml"
        manifest = file.with_name("videos.csv")
        if not manifest.exists():
            manifest.write_text("url,metadata,added_at\n", encoding="utf-8")
        examples = {"collection": file.parent.name, "source": manifest.name}
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{'---' if request.append else ''}\ntype: {request.type_name}\n\nattributes:\n".lstrip())
            for field, info in MixpeekCollectionComponent.model_fields.items():
                words = (info.description or "").replace("\n", "\n  # ")
                value = json.dumps(examples.get(field, (info.examples or [None])[0]))
                lines.write(f"  # {words}\n  {'' if field in examples else '# '}{field}: {value}\n\n")


class _WithoutValues(BaseModel):
    """Says what is wrong with a field once, without its value, which may be a key in the wrong place."""

    @model_validator(mode="wrap")
    @classmethod
    def _validated(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            first = {problem["loc"][:1]: problem for problem in reversed(error.errors())}
            raise ValidationError.from_exception_data(
                "MixpeekCollectionComponent",
                [
                    {"type": problem["type"], "loc": field, "input": "…", "ctx": problem.get("ctx", {})}
                    for field, problem in first.items()
                ],
            ) from None


@dg.scaffold_with(CollectionScaffolder)
class MixpeekCollectionComponent(dg.Component, dg.Model, dg.Resolvable):
    """One collection of videos: its five assets and their index, with checks, jobs, sensors and schedule.

    Several instances may share a DuckDB file and an API; each shows its own collection, and works on it alone.
    What is left out comes from the environment, as in the project mixpeek_assets itself.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    collection: str = Field(examples=["trailers"])
    """The Mixpeek collection. Rows of the manifest that name another are left to others."""

    source: str | None = Field(None, examples=["videos.csv"])
    """The videos: a manifest (CSV, TSV, JSON, JSONL, Parquet), a folder, a file or a URL. This path and the others are
    relative to this file's folder; `{{ context.project_root }}/…` is one in the project."""

    warehouse: str | None = Field(None, examples=["{{ context.project_root }}/data/warehouse.duckdb"])
    """The DuckDB file, which several collections may share."""

    data_dir: str | None = Field(None, examples=["{{ context.project_root }}/data"])
    """The folder of the warehouse, if it has no path of its own, of the rate limit's count and of the local API."""

    key_variable: str | None = Field(
        None, examples=["MIXPEEK_API_KEY"], json_schema_extra={"pattern": KEY_NAME.pattern}
    )
    """The NAME of the environment variable with the API key, never the key. Unset, the local API is used."""

    api_url: str | None = Field(None, examples=["https://api.mixpeek.com"])
    """Any server that speaks the API."""

    api_style: Literal["auto", "assets", "documents"] | None = Field(None, examples=["documents"])
    """Which style of the API the server speaks: `assets` is the guide's, `documents` that of today, `auto` asks it."""

    api_prefix: str | None = Field(None, examples=["/v1"])
    """What the paths of the API begin with."""

    namespace: str | None = Field(None, examples=["my_namespace"])
    """Sent as X-Namespace."""

    requests_per_minute: int | None = Field(None, examples=[60])
    """One budget for all that share the key and the data directory; 0: no limit."""

    extractors: list[dict[str, Any]] | None = Field(None, examples=[[{"interval_sec": 5}]])
    """The extractor settings of every video. A change submits all videos again, which the API may bill."""

    key_prefix: str | None = Field(None, examples=["media/trailers"])
    """Prefix of the assets' keys and, with `_` for `/`, of the names of jobs, sensors and resources. Default: the
    collection."""

    group: str | None = Field(None, examples=["trailers"])
    """The assets' group. Default: the prefix."""

    owners: list[str] = Field(default_factory=list, examples=[["team:video"]])
    """The assets' owners."""

    tags: dict[str, str] = Field(default_factory=dict, examples=[{"domain": "media"}])
    """The assets' tags."""

    schedule: str | None = Field(DAILY, examples=[DAILY])
    """When the day that has just begun is ingested, as a cron expression in UTC; null: never."""

    sensors: bool = Field(True, examples=[True])
    """Whether sensors and schedule run from the start; a person may turn each on or off in the UI."""

    @classmethod
    def model(cls) -> type[BaseModel]:
        """Return the schema of the YAML."""
        return _without_values(super().model())

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        """Read the YAML.

        Raises:
            DagsterInvalidDefinitionError: a field cannot be used.
        """
        try:
            component = super().load(attributes, context)
        except ValidationError as error:
            raise _refused(context, str(error.errors()[0]["loc"][0]), error.errors()[0]["msg"]) from None
        try:
            component.settings(_folder(context))
        except SettingsError as error:
            raise _refused(context, error.setting or "", str(error)) from None
        for field, judge in _OF_DAGSTER.items():
            try:
                judge(getattr(component, field))
            except (dg.DagsterInvalidDefinitionError, ValueError) as error:
                raise _refused(context, field, str(error)) from None
        return component

    def settings(self, folder: Path) -> Settings:
        """Return the settings: the environment's, with what the fields say instead.

        Args:
            folder: The base of relative paths.

        Raises:
            SettingsError: one of them cannot be used.
        """
        given = {setting: getattr(self, field) for field, setting in _SETTINGS.items()}
        for path in ("videos", "warehouse", "data_dir"):
            if given[path] is not None and "://" not in given[path]:
                given[path] = str(folder / Path(given[path]).expanduser())
        if self.extractors is not None:
            given["feature_extractors"] = json.dumps(self.extractors)
        called = {setting: field for field, setting in _SETTINGS.items() if given[setting] is not None}
        return load_settings(called, only_collection=True, **given)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the collection's assets with their checks, jobs, sensors and schedule."""
        prefix = _names(self.key_prefix or re.sub(r"\W+", "_", self.collection, flags=re.ASCII))
        return build_definitions(
            self.settings(_folder(context)),
            group_name=self.group or "/".join(prefix),
            key_prefix=prefix,
            owners=tuple(self.owners),
            tags=self.tags,
            schedule=self.schedule,
            sensors_on=self.sensors,
        )


def _names(prefix: str) -> tuple[str, ...]:
    if not re.fullmatch(r"\w+(/\w+)*", prefix, flags=re.ASCII):
        raise ValueError("must be names of letters, digits and _, with / between them, such as media/trailers")
    return tuple(prefix.split("/"))


@cache
def _without_values(model: type[BaseModel]) -> type[BaseModel]:
    return type(model.__name__, (_WithoutValues, model), {"__module__": __name__})


def _folder(context: dg.ComponentLoadContext) -> Path:
    return context.path if context.path.is_dir() else context.path.parent


def _refused(context: dg.ComponentLoadContext, field: str, message: str) -> dg.DagsterInvalidDefinitionError:
    tree = context.resolution_context.source_position_tree
    where = f" at {tree.lookup_closest_and_path(['attributes', field], None)[0]}" if tree else ""
    said = message.removeprefix(f"{field}: ")
    return dg.DagsterInvalidDefinitionError(f"`attributes.{field}{where}`: {said}")
