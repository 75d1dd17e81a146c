from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import MediaError, TimelineError
from nle_style.timeline import SOURCE_KEY
from nle_style.timeline.files import MediaFinder, PathMaps
from tests.timeline.building import Facts, clip, time_range


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def find(finder: MediaFinder, shot: otio.schema.Clip) -> Path:
    return finder.find(shot, shot.media_reference)


def shot_of(url: str, first: float = 0, available: tuple[float, float] | None = None) -> object:
    return clip("a", (first, 10), available, url=url)


def edl_clip(*names: str, first: float = 0) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(names[0])
    reference.metadata[SOURCE_KEY] = {"names": list(names)}
    return otio.schema.Clip(names[0], reference, time_range(first, 10))


def test_a_path_that_exists_needs_no_search(tmp_path: Path) -> None:
    here = touch(tmp_path / "edit" / "a.mov")
    touch(tmp_path / "media" / "a.mov")
    finder = MediaFinder(tmp_path / "edit", [tmp_path / "media"])
    assert find(finder, shot_of("a.mov")) == here
    assert find(finder, shot_of(here.as_uri())) == here


def test_without_folders_to_search_the_path_is_as_written(tmp_path: Path) -> None:
    assert find(MediaFinder(tmp_path), shot_of("/gone/a.mov")) == Path("/gone/a.mov")
    with pytest.raises(TimelineError, match="Windows"):
        find(MediaFinder(tmp_path), shot_of("C:\\a.mov"))


@pytest.mark.parametrize(
    ("url", "before"),
    [
        ("/Volumes/Raid/day 1/a.mov", "/Volumes/Raid"),
        ("file:///Volumes/Raid/day%201/a.mov", "/Volumes/Raid/"),
        ("file://localhost/Volumes/Raid/day%201/a.mov", "file:///Volumes/Raid"),
        ("D:\\Raid\\day 1\\a.mov", "d:\\raid"),
        ("D:\\Raid\\day 1\\a.mov", "D:/Raid/"),
        ("file://localhost/D%3a/Raid/day%201/a.mov", "D:\\Raid"),
        ("\\\\server\\share\\day 1\\a.mov", "//server/share"),
    ],
)
def test_path_maps(url: str, before: str, tmp_path: Path) -> None:
    file = touch(tmp_path / "day 1" / "a.mov")
    maps = PathMaps([(before, str(tmp_path))])
    assert find(MediaFinder(tmp_path, path_maps=maps), shot_of(url)) == file


def test_the_longest_prefix_wins_and_only_whole_folders_count(tmp_path: Path) -> None:
    file = touch(tmp_path / "two" / "a.mov")
    maps = [("/v", str(tmp_path / "one")), ("/v/deep", str(tmp_path / "two"))]

    def found(*maps: tuple[str, str], url: str) -> Path:
        return find(MediaFinder(tmp_path, path_maps=PathMaps(maps)), shot_of(url))

    assert found(*maps, url="/v/deep/a.mov") == file
    assert found(("/v/de", "/x"), url="/v/deep/a.mov") == Path("/v/deep/a.mov")
    # A prefix is case-sensitive, but for drive letters and shares.
    assert found(("/V", "/x"), url="/v/a.mov") == Path("/v/a.mov")


def test_a_mapped_path_that_does_not_exist_is_the_one_named(tmp_path: Path) -> None:
    finder = MediaFinder(tmp_path, path_maps=PathMaps([("C:\\x", "/mnt/x")]))
    assert find(finder, shot_of("C:\\x\\a.mov")) == Path("/mnt/x/a.mov")


def test_search_by_name_then_without_case(tmp_path: Path) -> None:
    exact = touch(tmp_path / "x" / "Take.mov")
    loose = touch(tmp_path / "y" / "take.MOV")
    finder = MediaFinder(tmp_path / "edit", [tmp_path])
    assert find(finder, shot_of("C:\\gone\\Take.mov")) == exact
    assert find(finder, shot_of("/gone/take.MOV")) == loose
    exact.unlink()
    assert find(MediaFinder(tmp_path / "edit", [tmp_path]), shot_of("/gone/TAKE.mov")) == loose


def test_a_name_without_extension_fits_only_names_of_an_edl(tmp_path: Path) -> None:
    file = touch(tmp_path / "A098_C016_08278R.mov")
    finder = MediaFinder(tmp_path / "edit", [tmp_path])
    assert find(finder, edl_clip("500-1_SC79", "A098_C016_08278R")) == file
    with pytest.raises(TimelineError, match="no file named 'A098_C016_08278R' is under"):
        find(finder, shot_of("/gone/A098_C016_08278R"))


def test_two_files_that_fit_are_both_named(tmp_path: Path) -> None:
    one, two = touch(tmp_path / "1" / "a.mov"), touch(tmp_path / "2" / "a.mov")
    with pytest.raises(TimelineError, match="several files") as caught:
        find(MediaFinder(tmp_path / "edit", [tmp_path]), shot_of("/gone/a.mov"))
    assert str(one) in caught.value.what
    assert str(two) in caught.value.what
    assert "--path-map" in caught.value.remedy


def test_a_folder_given_twice_is_searched_once(tmp_path: Path) -> None:
    file = touch(tmp_path / "deep" / "a.mov")
    finder = MediaFinder(tmp_path / "edit", [tmp_path, tmp_path / "deep", tmp_path])
    assert find(finder, shot_of("/gone/a.mov")) == file


def probe_by_folder(path: Path) -> Facts:
    """/1: from 1 h at 24; /2: from 2 h at 25; /0: no timecode; anything else is broken."""
    known = {
        "1": Facts(start_frame=86400),
        "2": Facts(Fraction(25), start_frame=180000),
        "0": Facts(),
    }
    if path.parent.name not in known:
        raise MediaError("broken", where=str(path))
    return known[path.parent.name]


def test_the_timecode_decides_between_files_of_a_name(tmp_path: Path) -> None:
    files = {n: touch(tmp_path / n / "a.mov") for n in ("0", "1", "2")}
    finder = MediaFinder(tmp_path / "edit", [tmp_path], probe=probe_by_folder)
    # The file has frames 86400 to 86499; 7200 s at 24 are 180000 frames at 25.
    assert find(finder, shot_of("/gone/a.mov", 86400)) == files["1"]
    assert find(finder, shot_of("/gone/a.mov", 86499)) == files["1"]
    assert find(finder, shot_of("/gone/a.mov", 172800)) == files["2"]
    # Outside both: the file without a timecode is the one that may be meant.
    assert find(finder, shot_of("/gone/a.mov", 86500)) == files["0"]
    files["0"].unlink()
    finder = MediaFinder(tmp_path / "edit", [tmp_path], probe=probe_by_folder)
    with pytest.raises(TimelineError, match="its name but not its timecode"):
        find(finder, shot_of("/gone/a.mov", 86500))


def test_a_timeline_that_counts_from_zero_says_nothing_of_timecode(tmp_path: Path) -> None:
    file = touch(tmp_path / "1" / "a.mov")
    finder = MediaFinder(tmp_path / "edit", [tmp_path], probe=probe_by_folder)
    assert find(finder, shot_of("/gone/a.mov", 5, (0, 100))) == file


def test_a_broken_file_is_found_so_that_its_fault_is_told(tmp_path: Path) -> None:
    file = touch(tmp_path / "broken" / "a.mov")
    finder = MediaFinder(tmp_path / "edit", [tmp_path], probe=probe_by_folder)
    assert find(finder, shot_of("/gone/a.mov", 86400)) == file


def test_sequences_by_any_notation(tmp_path: Path) -> None:
    for number in (1001, 1002):
        touch(tmp_path / "seq" / f"x.{number}.exr")
    pattern = tmp_path / "seq" / "x.%04d.exr"
    finder = MediaFinder(tmp_path / "edit", [tmp_path])
    for url in ("/gone/x.[1001-1002].exr", "Z:\\gone\\x.####.exr", "file:///gone/x.%04d.exr"):
        assert find(finder, shot_of(url)) == pattern, url
    reference = otio.schema.ImageSequenceReference(
        "file:///gone/", "x.", ".exr", 1001, frame_zero_padding=4
    )
    assert find(finder, otio.schema.Clip("a", reference)) == pattern
    assert find(finder, edl_clip("x")) == pattern


def test_nothing_found_names_the_folders_and_the_ways(tmp_path: Path) -> None:
    with pytest.raises(TimelineError) as caught:
        find(MediaFinder(tmp_path, [tmp_path]), shot_of("/gone/a.mov"))
    assert str(tmp_path) in caught.value.what
    assert "--media" in caught.value.remedy
    assert "--path-map FROM=TO" in caught.value.remedy


def test_a_uri_is_mapped_by_its_prefix(tmp_path: Path) -> None:
    here = touch(tmp_path / "show" / "a b.mov")
    finder = MediaFinder(tmp_path, path_maps=PathMaps([("s3://bucket/show/", str(here.parent))]))
    assert find(finder, shot_of("s3://bucket/show/a b.mov")) == here
    for other in ("s3://bucket/shows/a b.mov", "s3://other/show/a b.mov"):
        with pytest.raises(TimelineError, match="only local files are read"):
            find(finder, shot_of(other))
