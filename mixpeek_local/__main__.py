"""`python -m mixpeek_local`: serve until Ctrl-C."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from mixpeek_local.config import PROFILES, LocalApiConfig
from mixpeek_local.errors import LocalApiError
from mixpeek_local.faults.rules import given_rules
from mixpeek_local.serve import serve


def main() -> int:
    """Read the options and serve; returns the exit code."""
    try:
        serve(read())
    except LocalApiError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's message to its user
        return 1
    return 0


def read(arguments: Sequence[str] | None = None) -> LocalApiConfig:
    """Read the settings from `arguments`, by default those of this process."""
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    options["allowed_folders"] = tuple(options.pop("allow_folder"))
    options["allowed_hosts"] = tuple(options.pop("allow_host"))
    options["profiles"] = tuple(options.pop("profile")) or PROFILES
    try:
        return LocalApiConfig(**options)
    except ValueError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    default = LocalApiConfig(state_dir=Path())
    parser = argparse.ArgumentParser(prog="python -m mixpeek_local", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="holds the key, the database and the endpoint")
    parser.add_argument("--host", default=default.host, help="a loopback address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=default.port, help="0, the default, takes a free one")
    parser.add_argument(
        "--allow-folder",
        type=Path,
        action="append",
        default=[],
        help="a folder that local videos may be read from; repeatable",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        help="a host name, address or network that videos may come from although it is not public; repeatable",
    )
    parser.add_argument("--max-bytes", type=int, default=default.max_bytes, help="largest video (default: %(default)s)")
    parser.add_argument(
        "--max-seconds", type=float, default=default.max_seconds, help="longest video (default: %(default)s)"
    )
    parser.add_argument(
        "--max-memory",
        type=int,
        default=default.max_memory,
        help="bytes of memory that a worker may use (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=default.workers, help="processes (default: %(default)s)")
    parser.add_argument(
        "--download-timeout", type=float, default=default.download_timeout, help="seconds a download may take"
    )
    parser.add_argument(
        "--processing-timeout", type=float, default=default.processing_timeout, help="seconds a video may take"
    )
    parser.add_argument(
        "--duplicates",
        choices=("copy", "skip", "error"),
        default=default.duplicates,
        help="what becomes of a video whose content is known (default: %(default)s)",
    )
    parser.add_argument(
        "--profile", choices=PROFILES, action="append", default=[], help="an era of the API; repeatable (default: all)"
    )
    parser.add_argument(
        "--requests-per-minute",
        type=int,
        default=default.requests_per_minute,
        help="requests that each endpoint answers before it gives 429; 0, the default, is no limit",
    )
    parser.add_argument("--retry-after", action="store_true", help="send Retry-After with a 429")
    parser.add_argument(
        "--draft-seconds", type=float, default=default.draft_seconds, help="seconds after which a draft is canceled"
    )
    parser.add_argument(
        "--landing",
        default=default.landing,
        help="the command that lands a video whose path it is given; the page shows it with what was dropped there",
    )
    parser.add_argument(
        "--faults",
        type=given_rules,
        default=default.faults,
        help="play faults by these rules: JSON, or a file with it (docs/faults.md); [] to set rules later",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
