"""How many requests a thousand videos take, in either style of the API."""

import logging
import re
from collections import Counter

from tests.fakes.documents import ScriptedDocuments
from tests.fakes.documents import Video as VideoOfToday
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.pipeline import add_videos, land, make_due, poll, project_warehouse, submit
from tests.fakes.scripted import Scripted

log = logging.getLogger(__name__)

VIDEOS, FEATURES, POLLS = 1_000, 36, 20
FEW = 20
"""Of the guide's style, whose requests are so many for each video."""


def requests_for(api: Scripted, urls: list[str], polls: int) -> int:
    """Submit videos, poll until they are done, land them; return how many requests that took."""
    add_videos(urls)
    assert submit().accepted == len(urls)
    for _ in range(polls):
        make_due(project_warehouse())
        poll()
    assets, _ = land()
    assert assets.fetched == len(urls)
    with project_warehouse().reader() as reader:
        counts = reader.table_counts()
    assert (counts["assets"], counts["features"]) == (len(urls), len(urls) * FEATURES)
    kinds = Counter(re.sub(r"/(?=[^/]*\d)[\w-]{8,}", "/…", f"{one.method} {one.path}") for one in api.requests)
    log.info("%d videos: %d requests: %s", len(urls), len(api.requests), dict(kinds))
    return len(api.requests)


def test_a_thousand_videos_take_at_most_700_requests_of_today(documents_api: ScriptedDocuments) -> None:
    urls = [f"http://videos.test/{number}.mp4" for number in range(VIDEOS)]
    statuses = ["PROCESSING"] * (POLLS - 1) + ["COMPLETED"]
    documents_api.videos = {url: VideoOfToday(FEATURES, statuses=statuses) for url in urls}

    assert requests_for(documents_api, urls, POLLS) <= 700


def test_in_the_style_of_the_guide_each_video_takes_a_request_to_submit_and_to_list_and_one_a_poll_and_a_feature(
    mixpeek: ScriptedMixpeek,
) -> None:
    urls = [f"http://videos.test/{number}.mp4" for number in range(FEW)]
    for url in urls:
        features = [mixpeek.feature("video", url, start_time=float(place)) for place in range(FEATURES)]
        mixpeek.videos[url] = Video(["PROCESSING", "DONE"], {"video": features})

    assert requests_for(mixpeek, urls, 2) == FEW * (1 + 2 + 1 + FEATURES)
