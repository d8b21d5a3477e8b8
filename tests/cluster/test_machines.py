"""Machines that die at work: others do it, the tables end as the server has it, and nothing is paid for twice."""

# pyright: reportMissingImports=false

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from deploy.services import PostgresServer, RedisServer, S3Server
from mixpeek_assets.cluster.locks import holder
from mixpeek_assets.defs.run_lease import MACHINE
from tests.cluster.machines import Machine, why_none
from tests.cluster.quick import WINDOW
from tests.cluster.site import WAIT, Site, site, until
from tests.fakes.mixpeek import Answer, Request, ScriptedMixpeek, Video

DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")
SUBMITTED, FETCHED, LOADED = DAYS
"""The day that is being submitted, fetched or loaded when a machine dies."""

VIDEOS, FEATURES, BUDGET = 3, 3, 24
INGEST, LAND = "mixpeek_ingest", "mixpeek_land"

pytestmark = pytest.mark.skipif(why_none() is not None, reason=str(why_none()))


class Watch:
    """Sees each request when it arrives, and keeps those waiting that a test chooses, however often they are sent."""

    def __init__(self) -> None:
        self.arrivals = list[float]()
        self._held: Callable[[Request], bool] | None = None
        self._came, self._go_on = threading.Event(), threading.Event()

    def __call__(self, request: Request) -> None:
        """Take a request."""
        if request.path != "/list.csv":
            self.arrivals.append(time.monotonic())
        if self._held is not None and self._held(request):
            self._came.set()
            self._go_on.wait(WAIT)

    def hold(self, method: str, text: str) -> None:
        """Keep requests waiting whose path or body has this text; let go what was kept before."""
        self.let_go()
        self._came, self._go_on = threading.Event(), threading.Event()
        self._held = lambda request: request.method == method and text in f"{request.path} {request.body}"

    def came(self) -> bool:
        """Whether there is such a request."""
        return self._came.is_set()

    def let_go(self) -> None:
        """Let them be answered."""
        self._go_on.set()

    def most_within(self, seconds: float) -> int:
        moments = sorted(self.arrivals)
        return max(bisect_left(moments, moment + seconds) - number for number, moment in enumerate(moments))


def url(day: str, number: int) -> str:
    return f"http://videos.test/{day}-{number}.mp4"


def of(day: str, mixpeek: ScriptedMixpeek) -> list[str]:
    """The features of a day's videos."""
    videos = [mixpeek.videos[url(day, number)] for number in range(VIDEOS)]
    return [feature["feature_id"] for video in videos for feature in video.features["video"] or ()]


@pytest.fixture
def watch(mixpeek: ScriptedMixpeek) -> Watch:
    """A server with a manifest of three days, whose last day's tasks do not end yet."""
    rows = "".join(f"{url(day, number)},{day}\n" for day in DAYS for number in range(VIDEOS))
    manifest = Answer(f"url,added_at\n{rows}".encode(), headers={"Content-Type": "text/csv"})
    mixpeek.script("(GET|HEAD) /list.csv", manifest, for_ever=True)
    for day in DAYS:
        for number in range(VIDEOS):
            features = [mixpeek.feature("video", day, {"clip": [0.5, number, place]}) for place in range(FEATURES)]
            mixpeek.videos[url(day, number)] = Video(["PROCESSING" if day == LOADED else "DONE"], {"video": features})
    mixpeek.on_request = watch = Watch()
    return watch


@pytest.fixture
def cluster(
    tmp_path: Path,
    postgres: PostgresServer,
    redis: RedisServer,
    s3: S3Server,
    mixpeek: ScriptedMixpeek,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A daemon and two workers, all of them on."""
    settings = {"MIXPEEK_VIDEOS": f"{mixpeek.url}/list.csv", "MIXPEEK_REQUESTS_PER_MINUTE": str(BUDGET)}
    with site(tmp_path / "site", postgres, redis, s3, mixpeek, monkeypatch, **settings) as made:
        made.add_daemon()
        for name in ("east", "west"):
            made.add_worker(name)
        for machine in made.machines.values():
            machine.switch_on()
        yield made


def let_end(mixpeek: ScriptedMixpeek) -> None:
    """Let every task end."""
    for _, video, _ in mixpeek.tasks.values():
        video.statuses[:] = ["DONE"]


def executes(cluster: Site, job: str, day: str) -> Machine:
    """The machine that executes a job's run of a day now."""
    (run,) = [run for run in cluster.runs(job, **{"dagster/partition": day}) if run.status.value == "STARTED"]
    return cluster.machines[run.tags[MACHINE]]


def lose_while_it_loads(cluster: Site, machine: Machine, watch: Watch) -> None:
    """Kill a machine while its load is about to commit, as it is once what the watch holds is answered."""
    writers = f"{cluster.environment['MIXPEEK_LAKE']} writers"
    for _ in range(20):
        # The commit waits for the test, and whoever commits has the turn to write.
        with psycopg.connect(cluster.environment["MIXPEEK_CLUSTER"]) as blocker:
            blocker.execute("LOCK TABLE mixpeek_lake.ducklake_snapshot IN EXCLUSIVE MODE")
            watch.let_go()
            until(partial(_is_waited_for, blocker), "load", cluster)
            if f" on {machine.name} " in (holder(blocker, writers) or ""):
                machine.lose()
                return
    pytest.fail("only others have loaded")


def ended(cluster: Site, job: str, day: str) -> list[tuple[str, str]]:
    """How a job's runs of a day have ended, and on which machine; the oldest first."""
    runs = cluster.runs(job, **{"dagster/partition": day})
    return [(run.status.value, run.tags[MACHINE]) for run in reversed(runs) if run.is_finished]


def _is_waited_for(connection: "psycopg.Connection") -> bool:
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'mixpeek_lake.ducklake_snapshot'::regclass"
    )
    return connection.execute(waiting).fetchone() != (0,)


def has_landed(cluster: Site, day: str) -> bool:
    return [status for status, _ in ended(cluster, LAND, day)][-1:] == ["SUCCESS"]


def is_all_loaded(cluster: Site) -> bool:
    return not any(machine.files("*.part") or machine.files("*.ndjson") for machine in cluster.machines.values())


def test_what_machines_leave_that_die_is_done_by_others_and_the_tables_end_as_the_server_has_it(
    cluster: Site, mixpeek: ScriptedMixpeek, watch: Watch
) -> None:
    for machine in cluster.machines.values():
        seen = machine.run("sh", "-c", f"hostname; touch mine-$(hostname); ls -d mine-*; ls {cluster.root}/disks")
        assert seen.split() == [machine.name, f"mine-{machine.name}"], "it sees its own disk, and no other"

    watch.hold("POST", url(SUBMITTED, 0))
    until(watch.came, "submission", cluster)
    until(lambda: all(ended(cluster, INGEST, day) for day in (FETCHED, LOADED)), "other submissions", cluster)
    until(lambda: len(mixpeek.asked("POST /ingest")) == len(DAYS) * VIDEOS - 1, "answers that are lost", cluster)
    dead = executes(cluster, INGEST, SUBMITTED)
    dead.lose()
    watch.hold("GET", of(FETCHED, mixpeek)[0])
    cluster.replace_disk(dead)
    dead.switch_on()

    until(watch.came, "fetch", cluster)
    late = executes(cluster, LAND, FETCHED)
    until(lambda: late.lines("vectors-*.part"), "replies that are on its disk alone", cluster)
    late.lose()
    watch.hold("GET", of(LOADED, mixpeek)[0])
    until(lambda: has_landed(cluster, FETCHED), "landing by the other machine", cluster)
    late.switch_on()

    let_end(mixpeek)
    until(watch.came, "another fetch", cluster)
    loading = executes(cluster, LAND, LOADED)
    lose_while_it_loads(cluster, loading, watch)
    loading.switch_on()

    landed = f"SELECT count(*) = {len(DAYS) * VIDEOS} FROM mixpeek.tasks WHERE landed_at IS NOT NULL"
    until(lambda: cluster.sql(landed) == [(True,)], "landing of all videos", cluster)
    until(lambda: all(run.is_finished for run in cluster.runs()), "end of every run", cluster)
    until(lambda: is_all_loaded(cluster), "load of all that was fetched", cluster)

    said = "Loaded 1 landing file of this machine"
    until(lambda: said in late.log.read_text(), "word of the late machine", cluster)

    assert ended(cluster, INGEST, SUBMITTED)[0] == ("FAILURE", dead.name)
    assert ended(cluster, LAND, FETCHED)[0] == ("FAILURE", late.name)
    assert ended(cluster, LAND, FETCHED)[-1][1] != late.name
    assert ("FAILURE", loading.name) in ended(cluster, LAND, LOADED)
    tables_are_true(cluster, mixpeek)
    nothing_is_sent_twice_but_for_lost_answers(cluster, mixpeek)
    assert watch.most_within(WINDOW) <= BUDGET


def tables_are_true(cluster: Site, mixpeek: ScriptedMixpeek) -> None:
    """See that the tables hold what the server has, once each."""
    urls = [(url(day, number),) for day in DAYS for number in range(VIDEOS)]
    assert cluster.sql("SELECT url FROM mixpeek.videos ORDER BY url") == urls
    landed = "SELECT url FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE landed_at IS NOT NULL"
    assert cluster.sql(f"{landed} ORDER BY url") == urls
    assert cluster.sql("SELECT count(*), count(DISTINCT video_id) FROM mixpeek.assets") == [(len(urls), len(urls))]
    features = sorted(feature for day in DAYS for feature in of(day, mixpeek))
    assert cluster.sql("SELECT feature_id FROM mixpeek.features ORDER BY ALL") == [(feature,) for feature in features]
    assert cluster.sql("SELECT feature_id, vector_name, embedding FROM mixpeek.vectors ORDER BY ALL") == [
        (feature, "clip", mixpeek.vectors[feature]["clip"]) for feature in features
    ]
    assert cluster.sql("SELECT count(*) FROM mixpeek.rejects") == [(0,)]


def nothing_is_sent_twice_but_for_lost_answers(cluster: Site, mixpeek: ScriptedMixpeek) -> None:
    """See that what was submitted again is recorded as lost, and asked for only if it was not done."""
    posts = [request.body for request in mixpeek.asked("POST /ingest")]
    lost = cluster.sql("SELECT url FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) WHERE state = 'lost'")
    sent = Counter(body["url"] for body in posts)
    assert sent - Counter(set(sent)) == Counter(found for (found,) in lost)
    assert {found for (found,) in lost} <= {url(SUBMITTED, number) for number in range(VIDEOS)}
    again = [body for number, body in enumerate(posts) if body["url"] in {other["url"] for other in posts[:number]}]
    assert again and all(body["skip_duplicate"] for body in again)
    fetched = Counter(request.path.removeprefix("/features/") for request in mixpeek.asked("GET /features/"))
    assert {fetched[feature] for feature in of(SUBMITTED, mixpeek)} == {1}
    assert max(fetched.values()) <= 2, "a dead machine costs what it had not loaded, once"
