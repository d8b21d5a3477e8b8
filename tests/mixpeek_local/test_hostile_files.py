"""Files and addresses that mean harm: the task fails with a reason, the server lives, the next task works."""

import gzip
import wave
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.error
import pytest

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.extract import UnusableVideoError, kinds
from mixpeek_local.extract.decode import MAX_PIXELS, open_media
from mixpeek_local.process import running
from mixpeek_local.state import api_key
from tests.mixpeek_local import hostile
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.clips import Scene, place, write_clip
from tests.mixpeek_local.video_host import VideoHost, hosting

MAX_MEMORY = 1_500_000_000
TOO_LONG = "the video is longer than 4 hours, the most that this server takes"
NO_FRAME = "not one frame of the file could be decoded: it is damaged or cut off"
TOO_LARGE = "the file is larger than 5,000,000 bytes, the most that this server takes"
PLAYLIST = "the file is a playlist, which only points to videos: give the address of a video itself"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> LocalApiConfig:
    return LocalApiConfig(
        tmp_path_factory.mktemp("local-api"),
        allowed_folders=(folder,),
        allowed_hosts=("127.0.0.1",),
        max_bytes=5_000_000,
        max_memory=MAX_MEMORY,
        workers=1,
        download_timeout=2,
    )


@pytest.fixture(scope="module")
def api(config: LocalApiConfig) -> Iterator[Caller]:
    with running(config) as url:
        yield Caller(url, api_key(config.state_dir))


@pytest.fixture(scope="module")
def trap(clip: Path) -> Iterator[VideoHost]:
    """A server that nothing may ask."""
    with hosting(clip) as trap:
        yield trap
        assert trap.requests == []


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("video.mp4", bytes(1000))


def slow_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(1)
        file.writeframes(bytes(20_000))


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a sparse file of ten gigabytes": ("x.mp4", lambda path: hostile.sparse(path, 10 << 30), TOO_LARGE),
    "a sparse file below the limit": (
        "x.mp4",
        lambda path: hostile.sparse(path, 4_000_000),
        "the file is not a video that FFmpeg can read",
    ),
    "an archive": ("x.mp4", archive, "the file is a ZIP archive, not a video"),
    "a compressed file": (
        "x.mp4",
        lambda path: path.write_bytes(gzip.compress(bytes(10_000_000))),
        "the file is compressed with gzip: give the video as it is",
    ),
    "a program": (
        "x.mp4",
        lambda path: path.write_bytes(b"\x7fELF" + bytes(900)),
        "the file is a program, not a video",
    ),
    "text": ("x.mp4", lambda path: path.write_text("Words.\n" * 900), "the file is text, not a video"),
    "subtitles": (
        "x.mp4",
        lambda path: path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n\n"),
        "the file is text, not a video",
    ),
    "more pixels than 8K": (
        "x.mkv",
        lambda path: hostile.huge_frame(path, (8192, 4352)),
        "the picture has 8192 x 4352 pixels, more than the 33,554,432 that this server takes",
    ),
    "thousands of frames in a moment": (
        "x.mp4",
        lambda path: hostile.still(path, frames=30_000, per_second=1_000_000),
        "the file has more than 5,000 frames a second, which no video has",
    ),
    "five hours in a few kilobytes": (
        "x.mp4",
        lambda path: hostile.still(path, frames=18_000, per_second=1),
        TOO_LONG,
    ),
    "a header that claims ten hours": ("x.mkv", lambda path: hostile.claiming_hours(path, 10), TOO_LONG),
    "one sample of sound a second": ("x.wav", slow_sound, TOO_LONG),
    "a hundred sound tracks in MP4": (
        "x.mp4",
        lambda path: hostile.many_tracks(path, 100),
        "the file has more than 64 tracks",
    ),
    "a hundred sound tracks in Matroska": (
        "x.mkv",
        lambda path: hostile.many_tracks(path, 100),
        "the file has more than 64 tracks",
    ),
    "an index that fills the memory": (
        "x.mp4",
        lambda path: hostile.claiming_frames(path, 80_000_000),
        "the video needs more memory than this server gives it (1,500,000,000 bytes)",
    ),
    "a block that claims two gigabytes": ("x.mkv", hostile.claiming_a_large_block, NO_FRAME),
    "tracks that hold nothing": ("x.mp4", hostile.without_samples, NO_FRAME),
}


@pytest.mark.parametrize(("name", "make", "words"), FILES.values(), ids=FILES)
def test_a_file_that_means_harm_fails_with_a_reason_and_the_next_one_works(
    api: Caller, folder: Path, clip: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    make(folder / name)
    assert api.reason(folder / name).startswith(words)
    assert api.process(clip)["asset"]["status"] == "DONE"


PLAYLISTS = {
    "HLS of a file": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{file}\n#EXT-X-ENDLIST\n",
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
    "HLS after a byte order mark": "\ufeff\n#EXTM3U\n#EXTINF:1,\n{url}\n",
    "FFmpeg's list of files": "ffconcat version 1.0\nfile {file}\n",
    "FFmpeg's list of addresses": "ffconcat version 1.0\nfile {url}\n",
    "a session": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
    "DASH": '<?xml version="1.0"?>\n<MPD><Period><BaseURL>{url}</BaseURL></Period></MPD>',
    "SMIL": '<smil><body><video src="{url}"/></body></smil>',
    "ASX": '<asx version="3.0"><entry><ref href="{url}"/></entry></asx>',
    "PLS": "[playlist]\nFile1={url}\nNumberOfEntries=1\n",
    "a reference": "[Reference]\nRef1={url}?MSWMExt=.asf\n",
    "a pointer of QuickTime": "RTSPtextrtsp://127.0.0.1:{port}/clip\r\n",
}


@pytest.mark.parametrize("content", PLAYLISTS.values(), ids=PLAYLISTS)
@pytest.mark.parametrize("suffix", ["m3u8", "mp4"])
def test_a_playlist_leads_nowhere(
    api: Caller, folder: Path, trap: VideoHost, tmp_path: Path, content: str, suffix: str
) -> None:
    secret = write_clip(tmp_path / "secret.ts", [Scene(place(1), 1)])
    path = folder / f"list.{suffix}"
    path.write_text(content.format(file=secret, url=trap.address("/clip"), port=trap.port))
    assert api.reason(path) == PLAYLIST


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("hls", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n"),
        ("concat", "ffconcat version 1.0\nfile {url}\n"),
    ],
)
def test_a_playlist_that_nothing_recognises_leads_nowhere_either(
    tmp_path: Path, host: VideoHost, monkeypatch: pytest.MonkeyPatch, kind: str, content: str
) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text(content.format(url=host.address("/clip.ts")))
    monkeypatch.setattr(kinds, "refuse_known", lambda _head: None)
    with pytest.raises(UnusableVideoError), open_media(path):
        pass
    assert host.requests == []
    with pytest.raises(av.error.FFmpegError):  # it would be followed, were it not for the options that we give
        av.open(str(path), format=kind, options={"protocol_whitelist": "file,http,tcp", "safe": "0"})
    assert "/clip.ts" in [asked for asked, _ in host.requests]


def test_a_picture_that_grows_on_the_way_costs_no_more_memory(tmp_path: Path) -> None:
    path = hostile.growing(tmp_path / "x.mkv", (160, 120), (8192, 4352))
    with open_media(path) as media:
        widths = {frame.width for frame, _ in media.frames() if isinstance(frame, av.VideoFrame)}
    assert widths == {160}
    assert media.broken == 10
    assert MAX_PIXELS < 8192 * 4352


def test_of_forty_sound_tracks_one_is_listened_to(tmp_path: Path) -> None:
    counts = []
    for tracks in (1, 40):
        with open_media(hostile.many_tracks(tmp_path / f"{tracks}.mkv", tracks)) as media:
            counts.append(sum(isinstance(frame, av.AudioFrame) for frame, _ in media.frames()))
    assert counts[0] == counts[1] > 0


WEB = {
    "a web page": ("/page", "the file is a web page, not a video"),
    "a body that never ends": ("/endless", TOO_LARGE),
    "ten gigabytes": ("/announced", TOO_LARGE),
    "a compressed body that unpacks to far more": ("/bomb", TOO_LARGE),
    "a byte now and then": ("/drip", "the video took longer than 2 seconds to download"),
    "a head that never ends": ("/dripping-head", "the video took longer than 2 seconds to download"),
    "a redirect to itself": ("/loop", "{host}/loop redirects more than 5 times"),
    "a redirect to a file": ("/redirect?file:///etc/passwd", "file:///etc/passwd could not be downloaded"),
    "a redirect to this machine": ("/redirect?http://[::1]:80/clip", "http://[::1]:80/clip may not be reached"),
    "a redirect to the local network": ("/redirect?http://10.0.0.1/clip", "http://10.0.0.1/clip may not be reached"),
    "a redirect to a cloud's metadata": (
        "/redirect?http://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/ may not be reached",
    ),
}


@pytest.mark.parametrize(("path", "words"), WEB.values(), ids=WEB)
def test_an_address_that_means_harm_fails_with_a_reason_and_the_next_one_works(
    api: Caller, host: VideoHost, clip: Path, config: LocalApiConfig, path: str, words: str
) -> None:
    assert api.reason(host.address(path)).startswith(words.format(host=host.address("")))
    assert api.process(clip)["asset"]["status"] == "DONE"
    assert list(config.downloads.iterdir()) == []
