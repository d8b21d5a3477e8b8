"""The keys of an S3 bucket, found as every AWS program finds them, and what is wrong with a bucket."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from mixpeek_assets.sql_files import literal
from mixpeek_assets.warehouse.errors import WarehouseError

SECRET = "mixpeek_bucket"  # noqa: S105 - the name of a secret in DuckDB


@dataclass(frozen=True)
class Bucket:
    """A bucket and a prefix.

    Attributes:
        place: Such as `s3://bucket/prefix`.
    """

    place: str

    def secret(self) -> str:
        """Return the statement that gives DuckDB the keys, region and address of now.

        They come from AWS_* variables, from a profile, or from the machine's role, whose keys expire.
        """
        session = _session()
        found = session.get_credentials()
        keys = found.get_frozen_credentials() if found else None
        address = urlsplit(str(_client(session).meta.endpoint_url))
        options = {"REGION": session.region_name or "us-east-1", "SCOPE": self.place}
        if keys is not None:
            options |= {"KEY_ID": keys.access_key, "SECRET": keys.secret_key}
            options |= {"SESSION_TOKEN": keys.token} if keys.token else {}
        listed = ", ".join(f"{name} {literal(value)}" for name, value in options.items())
        if not (address.hostname or "").endswith(".amazonaws.com"):
            listed += f", ENDPOINT {literal(address.netloc)}, URL_STYLE 'path', USE_SSL {address.scheme == 'https'}"
        return f"CREATE OR REPLACE TEMPORARY SECRET {SECRET} (TYPE s3, {listed})"

    def check(self) -> None:
        """Write a small object and delete it.

        Raises:
            WarehouseError: the bucket does not exist, or the keys may not write to it.
        """
        errors = import_module("botocore.exceptions")
        bucket, _, prefix = self.place.removeprefix("s3://").partition("/")
        key = "/".join(part for part in (prefix, ".mixpeek_assets") if part)
        try:
            client = _client(_session())
            client.put_object(Bucket=bucket, Key=key, Body=b"")
            client.delete_object(Bucket=bucket, Key=key)
        except errors.ClientError as error:
            raise self._problem(error.response) from None
        except errors.BotoCoreError as error:
            raise WarehouseError(f"{self.place} cannot be reached ({error}): {_KEYS}") from None

    def _problem(self, response: Any) -> WarehouseError:
        code, status = response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
        if code == "NoSuchBucket":
            return WarehouseError(f"{self.place}: there is no such bucket: create it, or correct MIXPEEK_LAKE")
        what = "the keys may not write there" if status == 403 else "it cannot be written"
        return WarehouseError(f"{self.place}: {what} ({code}): {_KEYS}")


_KEYS = "check the AWS_* variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3)"


@cache
def _session() -> Any:
    # It has no types of its own; it comes with the extra [cluster].
    return import_module("boto3").Session()


def _client(session: Any) -> Any:
    config = import_module("botocore.config").Config(
        connect_timeout=10, read_timeout=20, retries={"max_attempts": 2}, s3={"addressing_style": "path"}
    )
    return session.client("s3", config=config)
