"""Names spelled in another way: composed letters, malformed URLs, the editor's own paths, reels."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from unicodedata import normalize

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import SOURCE_KEY
from nle_style.timeline.files import MediaFinder, PathMaps, media_path, source_path
from nle_style.timeline.looks.look_map import matches
from tests.timeline.building import clip, time_range

NAME = "Café Übung.mov"
FORMS = ("NFC", "NFD")


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def edl_clip(name: str) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(name)
    reference.metadata[SOURCE_KEY] = {"names": [name]}
    return otio.schema.Clip(name, reference, time_range(0, 10))


@pytest.mark.parametrize("disk", FORMS)
@pytest.mark.parametrize("written", FORMS)
def test_composed_and_decomposed_names_are_one(tmp_path: Path, disk: str, written: str) -> None:
    file = touch(tmp_path / normalize(disk, "Médias") / normalize(disk, NAME))
    text = normalize(written, str(tmp_path / "Médias" / NAME))
    assert media_path(text, tmp_path) == file
    assert media_path(f"file://{text}", tmp_path) == file
    assert media_path(normalize(written, f"Médias/{NAME}"), tmp_path) == file
    finder = MediaFinder(tmp_path / "edit", [tmp_path])
    for shot in (clip("a", url=normalize(written, f"/gone/{NAME}")), edl_clip(NAME[:-4])):
        assert finder.find(shot, shot.media_reference) == file
    maps = PathMaps([(normalize(disk, "/Volumes/Médias"), str(file.parent))])
    mapped = clip("a", url=normalize(written, f"/Volumes/Médias/{NAME}"))
    assert MediaFinder(tmp_path, path_maps=maps).find(mapped, mapped.media_reference) == file


@pytest.mark.parametrize("disk", FORMS)
@pytest.mark.parametrize("written", FORMS)
def test_names_of_sequences_too(tmp_path: Path, disk: str, written: str) -> None:
    for number in (1, 2):
        touch(tmp_path / normalize(disk, f"é.{number:04d}.exr"))
    reference = otio.schema.ImageSequenceReference(
        str(tmp_path), normalize(written, "é."), ".exr", 1, frame_zero_padding=4
    )
    assert source_path(reference, tmp_path).name == normalize(disk, "é.%04d.exr")


def test_the_exact_spelling_comes_first(tmp_path: Path) -> None:
    files = {form: touch(tmp_path / normalize(form, NAME)) for form in FORMS}
    for form, file in files.items():
        assert media_path(normalize(form, str(tmp_path / NAME)), tmp_path) == file


def test_a_rule_of_a_map_fits_either_spelling() -> None:
    assert matches(normalize("NFD", "Café 1"), normalize("NFC", "CAFÉ*"))


@pytest.mark.parametrize(
    "url",
    [
        "file://d:\\show\\a.mov",
        "file://D:/show/a.mov",
        "file://localhostD:\\show\\a.mov",
        "file://localhostD%3a%5cshow%5ca.mov",
        "file://localhost/D%3A/show/a.mov",
        "file:///D:\\show\\a.mov",
    ],
)
def test_windows_urls_of_every_form_are_mapped_and_named(tmp_path: Path, url: str) -> None:
    file = touch(tmp_path / "a.mov")
    shot = clip("a", url=url)
    found = MediaFinder(tmp_path, path_maps=PathMaps([("D:/show", str(tmp_path))]))
    assert found.find(shot, shot.media_reference) == file
    with pytest.raises(TimelineError, match=r"(?i)^d:[\\/]show[\\/]a.mov is a Windows"):
        MediaFinder(tmp_path).find(shot, shot.media_reference)


@pytest.mark.parametrize("url", ["./media/a.mov", "file://./media/a.mov", "file:./media/a.mov"])
def test_paths_that_begin_at_the_timeline(tmp_path: Path, url: str) -> None:
    assert media_path(url, tmp_path) == tmp_path / "media" / "a.mov"


@pytest.mark.parametrize("url", ["", "file://", "file:", "file:///"])
def test_urls_without_a_path(tmp_path: Path, url: str) -> None:
    with pytest.raises(TimelineError, match="holds no path"):
        media_path(url, tmp_path)


@pytest.mark.parametrize(
    ("before", "url", "there"),
    [
        ("D:/show", "D:\\show\\rushes\\a.mov", PureWindowsPath("D:/show/out/b.mov")),
        ("d:/show", "D:\\Show\\a.mov", PureWindowsPath("D:/Show/out/b.mov")),
        ("/Volumes/\u00e9", "/Volumes/e\u0301/a.mov", PurePosixPath("/Volumes/e\u0301/out/b.mov")),
        ("\\\\nas\\show", "//nas/show/a.mov", PureWindowsPath("//nas/show/out/b.mov")),
        ("/Volumes/Show", "/Volumes/Show/a.mov", PurePosixPath("/Volumes/Show/out/b.mov")),
    ],
)
def test_a_map_leads_back(before: str, url: str, there: object) -> None:
    maps = PathMaps([(before, "/mnt/show"), ("E:/unused", "/mnt/show/out")])
    mine = Path("/mnt/show/out/b.mov")
    assert (maps.used, maps.there(mine)) == (False, mine)
    assert maps.here(url).startswith("/mnt/show/")
    assert (maps.used, str(maps.there(mine))) == (True, str(there))
    assert maps.there(Path("/mnt/shows/b.mov")) == Path("/mnt/shows/b.mov")


def test_a_reel_is_looked_up_in_the_files_where_no_name_fits(tmp_path: Path) -> None:
    files = {reel: touch(tmp_path / name) for reel, name in (("A001", "x.mov"), ("B", "y.mov"))}
    touch(tmp_path / "still.0001.png")
    asked: list[str] = []

    def reel_of(path: Path) -> str:
        asked.append(path.name)
        return {file: reel for reel, file in files.items()}[path]

    finder = MediaFinder(tmp_path / "edit", [tmp_path], reel_of=reel_of)
    shot = edl_clip("a001")
    assert finder.find(shot, shot.media_reference) == files["A001"]
    assert sorted(asked) == ["x.mov", "y.mov"]
    named = edl_clip("y")
    assert finder.find(named, named.media_reference) == files["B"]
    assert sorted(asked) == ["x.mov", "y.mov"]
    # The files of the next reel are known by now.
    other = edl_clip("B")
    assert finder.find(other, other.media_reference) == files["B"]
    assert sorted(asked) == ["x.mov", "y.mov"]
