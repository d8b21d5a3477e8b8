"""Files that are not videos, recognised by their first bytes: sent by mistake, or to mislead."""

from mixpeek_local.extract.records import UnusableVideoError

HEAD_BYTES = 512
TEXT = "the file is text, not a video"

_PLAYLIST = "a playlist, which only points to videos: give the address of a video itself"
_WEB_PAGE = "a web page, not a video: give the address of the video itself"
_BEGINNINGS = (
    (b"#extm3u", _PLAYLIST),
    (b"ffconcat version", _PLAYLIST),
    (b"[playlist]", _PLAYLIST),
    (b"[reference]", _PLAYLIST),
    (b"rtsptext", _PLAYLIST),
    (b"<asx", _PLAYLIST),
    (b"<smil", _PLAYLIST),
    (b"<mpd", _PLAYLIST),
    (b"<playlist", _PLAYLIST),
    (b"v=0\no=", _PLAYLIST),
    (b"v=0\r\no=", _PLAYLIST),
    (b"<!doctype html", _WEB_PAGE),
    (b"<html", _WEB_PAGE),
    (b"pk\x03\x04", "a ZIP archive, not a video"),
    (b"\x1f\x8b", "compressed with gzip: give the video as it is"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive, not a video"),
    (b"rar!\x1a\x07", "a RAR archive, not a video"),
    (b"%pdf-", "a PDF document, not a video"),
    (b"\x7felf", "a program, not a video"),
)


def refuse_known(head: bytes) -> None:
    """Refuse a file that begins like no video does.

    Args:
        head: The first `HEAD_BYTES` of the file.

    Raises:
        UnusableVideoError: The file is not a video; the message says what it is.
    """
    if not head:
        raise UnusableVideoError("the file is empty")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml"):
        start = start.partition(b"?>")[2].lstrip()
    for beginning, kind in _BEGINNINGS:
        if start.startswith(beginning):
            raise UnusableVideoError(f"the file is {kind}")


def is_text(head: bytes) -> bool:
    """Whether the file begins with text only. Some raw formats do, so FFmpeg tries first."""
    try:
        text = head[: HEAD_BYTES - 3].decode()  # a character may be cut in the middle
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
