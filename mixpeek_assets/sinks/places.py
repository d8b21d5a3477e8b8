"""Where a sink of files is, a folder or a bucket: how a bucket is found, and what is wrong with either."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from mixpeek_assets.sinks.errors import SinkDownError, SinkError

_KEYS = "check the AWS_* variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3)"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_PLACE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)
_NO_KEYS = (
    "AccessDenied",
    "ACCESS_DENIED",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "status: 403",
)
_NO_KEYS_AT_ALL = (
    "no providers in chain provided credentials",
    "CredentialsNotLoaded",
    "Unable to locate credentials",
    "Failed to get AWS credentials",
)
_NO_ANSWER = ("RetryError", "NETWORK_CONNECTION", "TIMEOUT", "SLOW_DOWN", "INTERNAL_FAILURE", "SERVICE_UNAVAILABLE")


def endpoint() -> str | None:
    """Return the address of an S3 that is not Amazon's, by the variables of AWS's own tools."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def region() -> str | None:
    """Return the region of the bucket, by the variables of AWS's own tools; None: the libraries find it."""
    said = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return said or ("us-east-1" if endpoint() else None)


@dataclass(frozen=True)
class Place:
    """A folder, or `s3://bucket/prefix`.

    Attributes:
        name: The folder, or the address.
        variable: The setting that names it.
    """

    name: str
    variable: str

    @property
    def is_bucket(self) -> bool:
        """Whether it is on S3."""
        return self.name.startswith("s3://")

    @contextmanager
    def errors(self) -> Generator[None]:
        """Turn what a library says of a disk or a bucket into a sentence; anything else is a bug.

        Raises:
            SinkDownError: it does not answer, or is full.
            SinkError: it is not there, or may not be written.
        """
        try:
            yield
        except (OSError, RuntimeError, ValueError) as error:
            # Libraries in Rust and C++ raise what they like, so that only the words tell.
            found = self._problem(str(error))
            if found is None:
                raise
            raise found from None

    def _problem(self, words: str) -> SinkError | None:
        here, there = self.name, self.variable
        if "NoSuchBucket" in words or "NO_SUCH_BUCKET" in words:
            return SinkError(f"{here}: there is no such bucket: create it, or correct {there}")
        for number in (*_NO_ROOM, *_NO_PLACE):
            if (fault := os.strerror(number)) in words:
                if number in _NO_ROOM:
                    return SinkDownError(f"{here}: {fault}: make room there; the next run writes what is missing")
                return SinkError(f"{here}: {fault}: set {there} to a folder that you may write")
        if not self.is_bucket:
            return None
        if any(one in words for one in _NO_KEYS_AT_ALL):
            return SinkError(f"{here}: there are no keys for it: {_KEYS}")
        if any(one in words for one in _NO_KEYS):
            return SinkError(f"{here}: the keys are wrong, or may not write there: {_KEYS}")
        if any(one in words for one in _NO_ANSWER):
            return SinkDownError(f"{here} does not answer: {_KEYS}; the next run writes what is missing")
        return None
