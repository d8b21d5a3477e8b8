"""How many requests the verbs of the pipeline take, in one style of the API."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

Verb = Literal["submit", "poll", "fetch asset", "fetch vectors"]


@dataclass(frozen=True)
class Units:
    """What one request is about. The least is counted: polls and failed requests are repeated.

    Attributes:
        videos_per_submission: How many videos are submitted, and polled, together.
        videos_per_registration: How many videos a request makes known before; None: none is needed.
        requests_per_submission: Beside those.
        assets_per_fetch: How many assets are fetched together.
        features_per_page: How many features a request lists, with their vectors; None: an asset's own request lists
            them all, and each one's vectors take a request.
        note: The same for people; empty where one request is about one thing.
    """

    videos_per_submission: int = 1
    videos_per_registration: int | None = None
    requests_per_submission: int = 1
    assets_per_fetch: int = 1
    features_per_page: int | None = None
    note: str = ""

    def requests(self, verb: Verb, items: int, features_per_asset: float | None = None) -> int:
        """Return how many requests it takes at least.

        Args:
            verb: What is done.
            items: To how many: videos to submit, tasks to poll, assets or features to fetch.
            features_per_asset: How many features an asset has, where that is known.
        """
        if verb == "submit":
            return self._registrations(items) + self.tasks(items) * self.requests_per_submission
        if verb == "fetch asset":
            groups = ceil(items / self.assets_per_fetch)
            if self.features_per_page is None:
                return groups
            pages = ceil(items * (features_per_asset or 0) / self.features_per_page)
            return groups + max(pages, groups)
        return items

    def _registrations(self, videos: int) -> int:
        if self.videos_per_registration is None:
            return 0
        whole, rest = divmod(videos, self.videos_per_submission)
        each = ceil(self.videos_per_submission / self.videos_per_registration)
        return whole * each + ceil(rest / self.videos_per_registration)

    def tasks(self, videos: int) -> int:
        """Return how many tasks the videos become."""
        return ceil(videos / self.videos_per_submission)

    @property
    def brings_vectors(self) -> bool:
        """Whether the vectors come along with their assets."""
        return self.features_per_page is not None

    def following(self, videos: int, coming: int, fetched: int, features_per_asset: float) -> float:
        """Return about how many requests follow on those that can be sent now.

        Args:
            videos: How many are submitted now, and polled then.
            coming: How many assets are to come, theirs included.
            fetched: How many assets are fetched now.
            features_per_asset: How many features an asset has.
        """
        followed = self.tasks(videos) + self.requests("fetch asset", coming, features_per_asset)
        return followed + (0 if self.brings_vectors else (coming + fetched) * features_per_asset)
