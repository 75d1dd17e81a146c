"""Which frames a clip shows, from what Resolve says of it; expected values by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.resolve.doubles.fake_resolve import TimelineItem
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Variant, World


class Told(SimpleNamespace):
    """An item that answers what it is given; everything else is None, as Resolve has it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def item_of(
    path: Path | str,
    duration: int,
    left: int,
    right: int,
    frames: int,
    *,
    rate: str = "24",
    start: int | None = None,
    end: int | None = None,
    speed: float | None = None,
    first: int = 0,
) -> Told:
    facts = {"File Path": str(path), "FPS": rate, "Frames": str(frames), "Start": str(first)}
    clip = Told(GetClipProperty=lambda name=None: facts if name is None else facts.get(name))
    answers = {
        "GetDuration": duration,
        "GetLeftOffset": left,
        "GetRightOffset": right,
        "GetSourceStartFrame": start,
        "GetSourceEndFrame": end,
        "GetSpeed": speed,
        "GetMediaPoolItem": clip,
    }
    return Told(**{name: lambda value=value: value for name, value in answers.items()})


def range_of(item: Told, rate: Fraction = Fraction(24)) -> tuple[int, int, Fraction]:
    from nle_style_resolve.clips import source_range

    found = source_range(item, rate)
    return found.first, found.last, found.speed


def refusal_of(item: Told, rate: Fraction = Fraction(24)) -> str:
    from nle_style_resolve.clips import Refused

    with pytest.raises(Refused) as refused:
        range_of(item, rate)
    return str(refused.value)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mov"
    path.touch()
    return path


def test_a_trimmed_clip(movie: Path) -> None:
    for start in (None, 10, 9):  # 18.x; exact; slipped
        item = item_of(movie, 20, 10, 70, 100, start=start)
        assert range_of(item) == (10, 29, 1)


def test_half_speed(movie: Path) -> None:
    # 100 frames last 200: 20 to the left are 10 frames; 30 frames show 10 to 10 + floor(29 / 2).
    item = item_of(movie, 30, 20, 150, 100, start=10)
    assert range_of(item) == (10, 24, Fraction(1, 2))
    assert range_of(item_of(movie, 30, 20, 150, 100, speed=50.0)) == (10, 24, Fraction(1, 2))
    assert range_of(item_of(movie, 30, 20, 150, 100, speed=0.5)) == (10, 24, Fraction(1, 2))


def test_double_speed(movie: Path) -> None:
    # 100 frames last 50; frame i shows 20 + 2 i.
    assert range_of(item_of(movie, 15, 10, 25, 100, start=20)) == (20, 48, 2)


def test_reversed(movie: Path) -> None:
    # It could be extended by 10 later frames on its left and by 70 earlier ones on its right.
    for told in ({"speed": -100.0}, {"start": 70}, {"start": 69}, {"start": 90, "end": 70}):
        assert range_of(item_of(movie, 20, 10, 70, 100, **told)) == (70, 89, -1)


def test_reversed_at_half_speed(movie: Path) -> None:
    item = item_of(movie, 30, 20, 150, 100, speed=-50.0)
    assert range_of(item) == (75, 89, Fraction(-1, 2))


def test_mixed_rates(movie: Path) -> None:
    # 250 frames of 25 last 240 of 24; frame i shows floor(24 x 25/24 + i x 25/24).
    item = item_of(movie, 48, 24, 168, 250, rate="25", start=25)
    assert range_of(item) == (25, 25 + 48, 1)
    ntsc = item_of(movie, 20, 10, 70, 100, rate="23.976", start=10)
    assert range_of(ntsc, Fraction(24000, 1001)) == (10, 29, 1)


def test_a_subclip_counts_from_the_file(movie: Path) -> None:
    for start in (5, 105, 104):  # from the subclip's first frame; from the file's; slipped
        assert range_of(item_of(movie, 20, 5, 25, 50, first=100, start=start)) == (105, 124, 1)
    # It could be extended by 25 earlier frames on its right, whichever of the two is told first.
    for start, end in ((125, None), (144, 125), (44, 25)):
        item = item_of(movie, 20, 5, 25, 50, first=100, start=start, end=end)
        assert range_of(item) == (125, 144, -1)
    # Frame 20 of the file is the subclip's tenth; its twentieth is what a reversed one begins with.
    assert range_of(item_of(movie, 20, 10, 20, 50, first=10, start=20)) == (20, 39, 1)


def test_subclips_on_a_timeline(movie: Path, variant: Variant) -> None:
    """Frames 15 to 24 of a subclip that begins at frame 30, forward, at half speed, backward."""
    world = World(variant)
    for first in (0, 30):
        subclip = Media(str(movie), 50, Fraction(24), first)
        for speed in (1, Fraction(1, 2), -1):
            duration = int(10 / abs(speed))
            clip = Clip("sub", 86400, duration, [Take(subclip, 15, 25)], Fraction(speed))
            found = range_of(TimelineItem(world, clip))
            assert found == (first + 15, first + 24, speed)


def test_a_sequence_counts_from_its_first_file(tmp_path: Path) -> None:
    for number in range(1001, 1025):
        (tmp_path / f"shot.{number:04d}.exr").touch()
    path = tmp_path / "shot.[1005-1020].exr"
    for start in (2, 1, 1007, 1006):  # from the clip's first frame, or its number; slipped
        item = item_of(path, 10, 2, 4, 16, first=1005, start=start)
        assert range_of(item) == (4 + 2, 4 + 11, 1)
    # No more handles than what the Media Pool's clip has.
    from nle_style_resolve.clips import source_range

    found = source_range(item_of(path, 10, 2, 4, 16, first=1005), Fraction(24))
    assert found.with_handles(8) == (4, 19)
    assert found.media.path == str(tmp_path / "shot.%04d.exr")


def test_a_retimed_clip_has_a_handle_in_any_case(movie: Path) -> None:
    from nle_style_resolve.clips import source_range

    assert source_range(item_of(movie, 30, 20, 150, 100), Fraction(24)).with_handles(0) == (9, 25)
    assert source_range(item_of(movie, 20, 10, 70, 100), Fraction(24)).with_handles(0) == (10, 29)


def test_what_cannot_be_told_is_refused(movie: Path) -> None:
    assert "keyframed" in refusal_of(item_of(movie, 30, 20, 150, 100, speed=120.0))
    assert "frame 10 by its offset" in refusal_of(item_of(movie, 20, 10, 70, 100, start=40))
    assert "how long its media is" in refusal_of(item_of(movie, 20, 10, 70, 0))
    assert "offline" in refusal_of(item_of(movie.with_name("none.mov"), 20, 10, 70, 100))
    assert "no file behind it" in refusal_of(item_of("", 20, 10, 70, 100))
    assert "no media of its own" in refusal_of(Told())


def test_what_is_styled_is_not_styled_again(movie: Path) -> None:
    movie.with_name("clip.manifest.jsonl").touch()
    assert "styled version already" in refusal_of(item_of(movie, 20, 10, 70, 100))


def test_an_unknown_direction_is_told(movie: Path) -> None:
    from nle_style_resolve.clips import source_range

    (note,) = source_range(item_of(movie, 20, 10, 70, 100), Fraction(24)).notes
    assert "reversed" in note
    assert source_range(item_of(movie, 20, 10, 70, 100, start=10), Fraction(24)).notes == []


def test_clips_of_an_imported_xml_say_no_source_frames(movie: Path) -> None:
    """0 and 0, wherever they begin; the offsets are right."""
    from nle_style_resolve.clips import source_range

    found = source_range(item_of(movie, 20, 10, 70, 100, start=0, end=0), Fraction(24))
    assert (found.first, found.last) == (10, 29)
    assert any("source frames 0-0" in note for note in found.notes)
    assert range_of(item_of(movie, 1, 0, 99, 100, start=0, end=0)) == (0, 0, 1)
    assert "frame 10" in refusal_of(item_of(movie, 20, 10, 70, 100, start=0, end=19))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("23.976", Fraction(24000, 1001)),
        ("29.97 DF", Fraction(30000, 1001)),
        ("59.94005", Fraction(60000, 1001)),
        ("25.0", Fraction(25)),
        ("12.5", Fraction(25, 2)),
        ("23,976", Fraction(24000, 1001)),
        ("29,97 DF", Fraction(30000, 1001)),
        ("", None),
    ],
)
def test_rates(text: str, rate: Fraction | None) -> None:
    from nle_style_resolve.clips import exact_rate

    assert exact_rate(text) == rate
