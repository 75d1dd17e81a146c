"""run_batch end to end: the real renderer, at strength 0, judged by melt."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.render import Output, events
from nle_style.render.cut import BatchResult, plan_batch, run_batch
from tests.helpers.players.mlt import need_melt, stamps_of
from tests.render.round_trips.round_trip import RATES, Shots, melt, same_after_batch
from tests.timeline.building import gap, timeline, track, transition


def _cut(folder: Path, rate: Fraction = Fraction(24)) -> otio.schema.Timeline:
    """Two tracks, gaps, a dissolve, a one-hour timecode start, a clip used twice."""
    r, shots = float(rate), Shots(folder, rate)
    dissolve = transition(2, 3, r)
    lower = track(gap(2, r), shots.a(5, 8), dissolve, shots.b(20, 7), gap(3, r), shots.a(9, 6))
    upper = track(gap(7, r), shots.b(33, 4), gap(8, r), shots.a(36, 4))
    return timeline(lower, upper)


def _batch(
    folder: Path, pack: Path, strength: float = 0.0
) -> tuple[BatchResult, list[events.Event]]:
    told: list[events.Event] = []
    output = Output(directory=folder / "out")
    planned = plan_batch(folder / "cut.otio", Look({"red": 1.0}, strength), output, pack=str(pack))
    return run_batch(planned, told.append), told


@pytest.fixture
def cut(tmp_path: Path) -> None:
    """The cut as cut.otio, with its media beside it."""
    otio.adapters.write_to_file(_cut(tmp_path), str(tmp_path / "cut.otio"))


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_melt_plays_the_relinked_timeline_as_the_original(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    need_melt()
    (shown,) = same_after_batch(_cut(tmp_path, rate), tiny_pack, tmp_path, melt(rate), handles=2)
    assert sum(stamp is not None for stamp in stamps_of(shown)) > 10


@pytest.mark.usefixtures("cut")
def test_shared_frames_are_rendered_once_and_a_second_batch_renders_nothing(
    tiny_pack: Path, tmp_path: Path
) -> None:
    result, told = _batch(tmp_path, tiny_pack)
    frames = sum(isinstance(event, events.FramePainted) for event in told)
    # Field: 5-15 (8 frames and 3 of the dissolve, the second use lies within) and 36-39;
    # crowd: 18-26 (2 of the dissolve and 7) and 33-36.
    assert frames == 11 + 4 + 9 + 4
    assert len(result.plan.uses) == 5
    assert [path.name for path in result.timelines] == ["cut.red.otio", "cut.red.baked.otio"]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.mov")) == [
        "crowd.red.000018-000026.mov",
        "crowd.red.000033-000036.mov",
        "flower field.red.000005-000015.mov",
        "flower field.red.000036-000039.mov",
    ]
    again, told = _batch(tmp_path, tiny_pack)
    assert again.exit_code == 0
    assert not any(isinstance(event, events.FramePainted) for event in told)
    assert [e.status for e in told if isinstance(e, events.ItemEnded)] == ["present"] * 4


@pytest.mark.usefixtures("cut")
def test_the_reference_says_where_it_came_from(tiny_pack: Path, tmp_path: Path) -> None:
    result, _ = _batch(tmp_path, tiny_pack, strength=1.0)
    made = otio.adapters.read_from_file(str(result.timelines[0]))
    shown = made.find_clips()[0]
    assert shown.active_media_reference_key == "nle_style"
    assert set(shown.media_references()) == {"DEFAULT_MEDIA", "nle_style"}
    noted = shown.media_reference.metadata["nle_style"]
    assert noted["look"]["styles"] == {"red": 1.0}
    assert len(noted["pack_sha256"]) == 64


@pytest.mark.usefixtures("cut")
def test_a_missing_clip_is_named_and_the_rest_delivered(tiny_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "crowd.mkv").unlink()
    result, told = _batch(tmp_path, tiny_pack)
    assert result.exit_code == 3
    assert len(result.timelines) == 2
    warnings = [event.message for event in told if isinstance(event, events.Warned)]
    assert any("crowd" in message and "no such file" in message for message in warnings)


@pytest.mark.usefixtures("cut")
def test_nothing_to_do_is_bad_input(tiny_pack: Path, tmp_path: Path) -> None:
    (tmp_path / "crowd.mkv").unlink()
    (tmp_path / "flower field.mov").unlink()
    result, _ = _batch(tmp_path, tiny_pack)
    assert (result.exit_code, result.timelines) == (2, ())
