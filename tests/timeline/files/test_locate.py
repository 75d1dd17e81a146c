from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.files import absolute_url, media_path, reference_url

FOLDER = Path("/edit")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///media/a%20b.mov", "/media/a b.mov"),
        ("file:///media/a b.mov", "/media/a b.mov"),
        ("file:///media/100%.mov", "/media/100%.mov"),
        ("file:///media/take#2?.mov", "/media/take#2?.mov"),
        ("file://localhost/media/a%20b.mov", "/media/a b.mov"),
        ("file:/media/a.mov", "/media/a.mov"),
        ("FILE:///media/a.mov", "/media/a.mov"),
        ("/media/a.mov", "/media/a.mov"),
        ("media/a.mov", "/edit/media/a.mov"),
        ("../media/a.mov", "/media/a.mov"),
        ("media\\a.mov", "/edit/media\\a.mov"),
        ("file:///media/take%2042.mov", "/media/take 42.mov"),
        ("file:///media/%d0%bf.mov", "/media/п.mov"),
    ],
)
def test_what_a_url_means(url: str, path: str) -> None:
    assert media_path(url, FOLDER) == Path(path)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("file://{folder}/a%20b.mov", "a%20b.mov"),  # not encoded, the name really holds %20
        ("file://{folder}/a%20b.mov", "a b.mov"),
        ("a%20b.mov", "a b.mov"),
        ("sub\\a.mov", "sub/a.mov"),
        ("shot.[1-9].mov", "shot.[1-9].mov"),  # one file, whatever its name looks like
    ],
)
def test_the_reading_that_exists_wins(url: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    assert media_path(url.format(folder=tmp_path), tmp_path) == file


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "holds no path"),
        ("https://example.org/a.mov", "only local files"),
        ("s3://bucket/a.mov", "only local files"),
        ("C:\\media\\a.mov", "Windows"),
        ("file:///C:/media/a.mov", "Windows"),
        ("file://C:/media/a.mov", "Windows"),
        ("\\\\server\\share\\a.mov", "Windows or network"),
        ("file://server/share/a.mov", "Windows or network"),
    ],
)
def test_what_is_no_file_here_is_refused(url: str, reason: str) -> None:
    with pytest.raises(TimelineError, match=reason) as caught:
        media_path(url, FOLDER)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "url",
    ["", "/a/b.mov", "file:///a%20b.mov", "https://x.org/a", "C:\\a.mov", "\\\\server\\a.mov"],
)
def test_absolute_urls_stay_as_they_are(url: str) -> None:
    assert absolute_url(url, FOLDER) == url


def test_relative_urls_become_absolute(tmp_path: Path) -> None:
    assert absolute_url("media/x.mov", FOLDER) == "/edit/media/x.mov"
    assert absolute_url(".", FOLDER) == "/edit"
    (tmp_path / "a b.mov").touch()
    assert absolute_url("a%20b.mov", tmp_path) == str(tmp_path / "a b.mov")


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("{folder}/x.[1001-1002].tif", "x.%04d.tif"),
        ("{folder}/x.%04d.tif", "x.%04d.tif"),
        ("file://{folder}/x.%04d.tif", "x.%04d.tif"),
        ("{folder}/x.####.tif", "x.%04d.tif"),
        ("x.####.tif", "x.%04d.tif"),
        ("{folder}/y#.tif", "y%d.tif"),
        ("{folder}/y[9-10].tif", "y%d.tif"),
        ("{folder}/y%d.tif", "y%d.tif"),
    ],
)
def test_sequences_become_printf_patterns(url: str, pattern: str, tmp_path: Path) -> None:
    for name in ("x.1001.tif", "x.1002.tif", "y9.tif", "y10.tif"):
        (tmp_path / name).touch()
    assert media_path(url.format(folder=tmp_path), tmp_path) == tmp_path / pattern


@pytest.mark.parametrize(
    ("base", "padding", "pattern"),
    [
        ("file://{folder}/my%20shots/", 4, "my shots/x.%04d.exr"),
        ("{folder}/my shots", 4, "my shots/x.%04d.exr"),
        ("my shots", 0, "my shots/x.%d.exr"),
        ("", 4, "x.%04d.exr"),
    ],
)
def test_image_sequence_references(base: str, padding: int, pattern: str, tmp_path: Path) -> None:
    (tmp_path / "my shots").mkdir()
    for folder in (tmp_path, tmp_path / "my shots"):
        (folder / "x.1001.exr").touch()
    reference = otio.schema.ImageSequenceReference(
        base.format(folder=tmp_path), "x.", ".exr", 1001, frame_zero_padding=padding
    )
    assert media_path(reference_url(reference), tmp_path) == tmp_path / pattern
