"""The environment as one typed object. Every variable is optional; `.env` in the working folder is read too."""

import json
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from mixpeek_assets.errors import UserError
from mixpeek_assets.strict_json import read_json
from mixpeek_assets.terminal_safe import brief, is_text
from mixpeek_assets.text_files import check_env_file, read_text

MIXPEEK_API = "https://api.mixpeek.com"
ENV_FILE = Path(".env")
KEY_VARIABLE = "MIXPEEK_API_KEY"
KEY_NAME = re.compile("^(?=.*(KEY|TOKEN|SECRET))[A-Z][A-Z0-9_]{0,99}$")
"""What a variable with a key is called. A key that is put there by mistake is no such name."""

_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^/\s'?#]+)*")

PINNED = "MIXPEEK_PINNED_"
"""Prefix of the variables of `Settings.pinned`."""


class SettingsError(UserError):
    """A setting cannot be used; the message gives its name, its value and what is valid.

    Attributes:
        setting: The name of the (first) setting, where it is one's own fault.
    """

    setting: str | None = None


def _http_url(value: str, key: str = KEY_VARIABLE) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be an http(s) URL such as " + MIXPEEK_API)
    if "@" in value:
        raise ValueError(f"must not contain a name or password: put a key in {key}")
    try:
        parts = urlsplit(value)
        host = (parts.hostname or "").strip(".")
        is_sound = bool(host and host.encode("idna") and parts.port != 0 and _is_address(value))
    except ValueError as error:
        raise ValueError(f"is not a URL ({error})") from None
    if not is_sound or len(value) > 2_000:
        raise ValueError("is not the URL of a server, such as " + MIXPEEK_API)
    return value.rstrip("/")


def _is_address(value: str) -> bool:
    """Say whether a URL, or a part of one, is a path alone and can be sent as it is."""
    return value.isascii() and value.isprintable() and not set(" ?#\\") & set(value)


def _path_prefix(value: str) -> str:
    if not _is_address(value):
        raise ValueError("must be a path such as /v1")
    return f"/{value.strip('/')}" if value.strip("/") else ""


def _header_safe(value: SecretStr) -> SecretStr:
    key = value.get_secret_value().strip()
    if not key:
        raise ValueError("is blank: leave it out for the local API")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ValueError("contains a character that no API key has (a space, a line break, an accent)")
    return SecretStr(key)


def _name_of_a_key(value: str) -> str:
    if not KEY_NAME.fullmatch(value):
        raise ValueError(
            "must be the name of an environment variable in capitals, with KEY, TOKEN or SECRET in it, such as"
            f" {KEY_VARIABLE}; never the key itself"
        )
    return value


def _sendable(value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise ValueError("contains a character that a header cannot carry (a line break, an accent)")
    return value


def _extractors(value: str) -> str:
    """Check a list of extractor settings and normalize it, so that equal settings are equal texts."""
    if not value.lstrip().startswith(("[", "{")):
        try:
            value = read_text(_path(Path(value)).expanduser())
        except ValueError as error:
            raise ValueError(f"is neither JSON nor a file that can be read: the file {error}") from None
    try:
        found = read_json(value)
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None
    extractors = found if isinstance(found, list) else [found]
    if not extractors or not all(isinstance(one, dict) for one in extractors):
        raise ValueError('must be a JSON list of extractor settings such as [{"interval_sec": 5}], or a file with one')
    return json.dumps(extractors, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _postgres_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("postgresql", "postgres") and parts.hostname and parts.path.strip("/")
        is_sound = bool(is_sound) and parts.port != 0 and url.isprintable()
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ValueError("must be the URL of a PostgreSQL database: postgresql://user:password@host:5432/database")
    return value


def _lake(value: str) -> str:
    if "://" not in value and not _path(Path(value)).expanduser().is_absolute():
        raise ValueError("must be s3://bucket/prefix, or the full path of a folder that all machines see")
    return _folder_or_bucket(value)


def _folder_or_bucket(value: str) -> str:
    place = value.rstrip("/")
    if place.startswith("s3://"):
        if not _BUCKET.fullmatch(place):
            raise ValueError("must be a bucket and a prefix, such as s3://bucket/mixpeek")
        return place
    folder = _path(Path(place)).expanduser()
    if "://" in value or not folder.name:
        raise ValueError("must be a folder, or s3://bucket/prefix")
    return str(folder.absolute())


def _qdrant(value: str) -> str:
    return _http_url(value, "MIXPEEK_SINK_QDRANT_KEY") if "://" in value else _folder_or_bucket(value)


def _day(value: Any) -> Any:
    # A number would be read as seconds since 1970.
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("must be a valid date such as 2026-01-31") from None


def _path(value: Path) -> Path:
    try:
        value.expanduser()
    except RuntimeError:
        raise ValueError("begins with the home of a user that is not known") from None
    return value


def _file(value: Any) -> Any:
    if not Path(value).name or str(value).endswith(("/", "..")):
        raise ValueError("must be a file, such as data/warehouse.duckdb")
    return value


class Settings(BaseSettings):
    """The validated environment. A field's variable is `MIXPEEK_` and its name in capitals.

    Without `api_key`, the pipeline uses the local API, whose address and key are in the data directory.
    """

    model_config = SettingsConfigDict(
        env_prefix="MIXPEEK_",
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    videos: str | None = Field(None, description="A manifest, a folder, a file or a URL; none: the samples.")
    collection: str = Field("default", min_length=1, description="For videos whose manifest names none.")
    only_collection: bool = Field(
        False, description="Only the videos of `collection` are taken, shown and worked on; the file may hold others."
    )
    key_variable: Annotated[str, AfterValidator(_name_of_a_key)] = Field(
        KEY_VARIABLE, description="The variable that the key is read from."
    )
    api_key: Annotated[SecretStr, AfterValidator(_header_safe)] | None = None
    api_url: Annotated[str, AfterValidator(_http_url)] | None = None
    api_style: Literal["auto", "assets", "documents"] = Field(
        "auto",
        description="`assets` is the API of the guide, `documents` that of today; `auto` asks once and remembers it."
        " The local API speaks both, and `assets` unless told.",
    )
    api_prefix: Annotated[str, AfterValidator(_path_prefix)] = ""
    namespace: Annotated[str, AfterValidator(_sendable)] | None = Field(
        None, description="Name or id, sent as X-Namespace."
    )
    requests_per_minute: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="Shared by every process; 0: no limit. None: 60, and 0 for the local API. In the style `documents`,"
        " of each category of requests; None: what the API says.",
    )
    batch_videos: int = Field(
        100, ge=1, le=10_000, description="How many videos a batch of the style `documents` holds at most."
    )
    batch_seconds: float = Field(
        60, ge=0, le=86_400, description="Seconds after which a batch is started with what it has."
    )
    concurrency: int = Field(16, ge=1, le=256, description="Requests in flight.")
    feature_extractors: Annotated[str, AfterValidator(_extractors)] | None = Field(
        None, description="JSON, or a file with it: what every video is to be extracted with (contract b2)."
    )
    task_deadline_hours: float = Field(
        24, gt=0, le=87_600, description="Hours after which an unfinished task is marked `lost`."
    )
    max_attempts: int = Field(1, ge=1, le=1_000, description="How often a video is submitted when its task fails.")
    first_partition: Annotated[date | None, BeforeValidator(_day)] = Field(
        None, description="The first day that can be a partition. None: the first that is known."
    )
    local_api_hosts: str = Field(
        "", description="Hosts, addresses or networks that are not public, yet the local API may fetch videos from."
    )
    data_dir: Annotated[Path, AfterValidator(_path)] = Path("data")
    warehouse: Annotated[Path, BeforeValidator(_file), AfterValidator(_path)] | None = None
    warehouse_timeout: float = Field(
        1800, gt=0, le=604_800, description="Seconds to wait for the warehouse while another program holds it."
    )
    cluster: Annotated[SecretStr, AfterValidator(_postgres_url)] | None = Field(
        None,
        description="A PostgreSQL database: the lake's catalogue, and the locks and rate limit that machines share.",
    )
    lake: Annotated[str, AfterValidator(_lake)] | None = Field(
        None,
        validate_default=True,
        description="Where a cluster keeps its tables: s3://bucket/prefix, or a folder that all machines see.",
    )
    keep_snapshots_days: float = Field(
        7,
        gt=0,
        le=36_500,
        description="Days that one can go back in a lake; older snapshots expire in the daily upkeep.",
    )
    publish_seconds: float = Field(
        300,
        ge=0,
        le=604_800,
        description="Seconds by which the published file, which people read, may lag behind the warehouse while the"
        " pipeline works; 0: nothing is published.",
    )

    sink_pgvector: Annotated[SecretStr, AfterValidator(_postgres_url)] | None = Field(
        None, description="A PostgreSQL database with pgvector that is kept a copy of the vectors."
    )
    sink_lancedb: Annotated[str, AfterValidator(_folder_or_bucket)] | None = Field(
        None, description="A folder, or s3://bucket/prefix, of a LanceDB that is kept a copy of the vectors."
    )
    sink_qdrant: Annotated[str, AfterValidator(_qdrant)] | None = Field(
        None,
        description="The URL of a Qdrant that is kept a copy of the vectors; a folder is Qdrant's local mode, for"
        " tests.",
    )
    sink_qdrant_key: Annotated[SecretStr, AfterValidator(_header_safe)] | None = None
    sink_parquet: Annotated[str, AfterValidator(_folder_or_bucket)] | None = Field(
        None, description="A folder, or s3://bucket/prefix, of Parquet files that are kept a copy of the vectors."
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if isinstance(value, str) and not is_text(value):
            raise ValueError("is not UTF-8 text")
        return value

    @model_validator(mode="before")
    @classmethod
    def _read_key(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Read the key from the variable that is named; the usual one then means nothing."""
        name = values.get("key_variable")
        # Where it is pinned, the key is too.
        if not isinstance(name, str) or name in (KEY_VARIABLE, os.environ.get(f"{PINNED}KEY_VARIABLE")):
            return values
        found = os.environ.get(name) or DotEnvSettingsSource(cls).env_vars.get(name.lower())
        return {**values, "api_key": found or None}

    @field_validator("lake")
    @classmethod
    def _is_one_site(cls, lake: str | None, info: ValidationInfo) -> str | None:
        """Refuse half a cluster, and a cluster with a file beside it."""
        if "cluster" not in info.data:
            return lake  # What is wrong with it is said already.
        cluster = info.data["cluster"]
        if (cluster is None) != (lake is None):
            given, missing = ("CLUSTER", "LAKE") if lake is None else ("LAKE", "CLUSTER")
            raise ValueError(f"a cluster needs both: set MIXPEEK_{missing} too, or unset MIXPEEK_{given}")
        if cluster is not None and info.data.get("warehouse"):
            raise ValueError("is a cluster's, and MIXPEEK_WAREHOUSE names a file: unset one of them")
        return lake

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but pinned settings where there are some, else the environment before `.env`."""
        if any(name.startswith(PINNED) for name in os.environ):
            return init_settings, EnvSettingsSource(settings_cls, env_prefix=PINNED)
        return init_settings, env_settings, dotenv_settings

    def pinned(self) -> dict[str, str]:
        """Return variables that give every process below these settings.

        Dagster puts `.env` into the environment of each of its processes, over what was exported.
        """
        values = {
            **self.model_dump(mode="json", exclude_none=True),
            # Absolute, because runs have other working folders.
            "data_dir": str(self.data_folder),
            **({} if self.cluster else {"warehouse": str(self.warehouse_path)}),
        }
        for name in self.model_fields_set:
            if isinstance(secret := getattr(self, name), SecretStr):
                values[name] = secret.get_secret_value()
        return {f"{PINNED}{name.upper()}": str(value) for name, value in values.items()}

    @property
    def seen_collection(self) -> str | None:
        """The only collection that is seen; None: all."""
        return self.collection if self.only_collection else None

    @property
    def earliest_day(self) -> date:
        """The earliest day that a manifest may name: an older one is taken for a mistake."""
        return self.first_partition or date(2000, 1, 1)

    @property
    def uses_local_api(self) -> bool:
        """Whether the pipeline uses the local API: no key is set."""
        return self.api_key is None

    @property
    def api_name(self) -> str:
        """The API: its URL, or `local`, because the local API's port changes."""
        return "local" if self.uses_local_api else self.api_url or MIXPEEK_API

    @property
    def data_folder(self) -> Path:
        """The data directory, absolute."""
        return self.data_dir.expanduser().absolute()

    @property
    def warehouse_path(self) -> Path:
        """The DuckDB file, absolute.

        By default it is not named after the schema (`mixpeek`): DuckDB names a catalog after its file, and
        `mixpeek.videos` is ambiguous when catalog and schema share a name.
        """
        return (self.warehouse or self.data_folder / "warehouse.duckdb").expanduser().absolute()

    @property
    def local_api_folder(self) -> Path:
        """The local API's state: its key, its address, its tasks and features."""
        return self.data_folder / "local_api"

    @property
    def api_memory(self) -> Path:
        """What the API answered when it was asked which style it speaks, and how much of it is allowed."""
        return self.data_folder / "api.json"

    @property
    def allowed_hosts(self) -> list[str]:
        """`local_api_hosts`, one by one."""
        return [host.strip() for host in self.local_api_hosts.split(",") if host.strip()]

    @property
    def effective_requests_per_minute(self) -> int:
        """The rate limit in force; 0 is none."""
        if self.requests_per_minute is not None:
            return self.requests_per_minute
        return 0 if self.uses_local_api else 60


def variables_set() -> tuple[set[str], set[str]]:
    """Return the variables that are set and not empty: those of the environment, then those of `.env`."""
    exported = {name.upper() for name, value in os.environ.items() if value}
    return exported, {name.upper() for name, value in DotEnvSettingsSource(Settings).env_vars.items() if value}


def load_settings(called: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the environment.

    Args:
        called: What fields are called where they are set, if not in the environment: an error says it so.
        overrides: Fields set by a command's options; None leaves a field to the environment.

    Raises:
        SettingsError: a setting cannot be used; the message names each and says what is valid.
    """
    try:
        check_env_file(ENV_FILE)
    except ValueError as error:
        raise SettingsError(f"{ENV_FILE.absolute()} {error}") from None
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as found:
        names = {"api_key": overrides.get("key_variable") or KEY_VARIABLE, **(called or {})}
        problems = [_problem(problem, names) for problem in found.errors(include_url=False)]
    # Not from within `except`: what pydantic keeps of a validator's error is never freed, and at Python's end DuckDB
    # prints all that is left.
    error = SettingsError("; ".join(f"{name}: {sentence}" for name, sentence in problems))
    error.setting = problems[0][0]
    raise error


def _problem(problem: Any, names: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of a setting, and what is wrong with it."""
    field = "_".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    # A key is never shown, nor a URL with a password in it.
    is_secret = "key" in field or field in ("cluster", "sink_pgvector") or "@" in str(problem.get("input"))
    shown = "" if is_secret or problem.get("input") is None else f" (it is {brief(repr(problem.get('input')), 200)})"
    return names.get(field, f"MIXPEEK_{field.upper()}"), f"{message[:1].lower()}{message[1:]}{shown}"
