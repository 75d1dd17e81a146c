"""run_batch end to end: the real renderer, at strength 0, judged by melt."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.render import Output, events
from nle_style.render.cut import BatchResult, run_batch
from nle_style.timeline import read_timeline
from tests.helpers.mlt import need_melt, play, stamps_of
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, gap, timeline, track, transition

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001)]
COUNT = 40


def _cut(folder: Path, rate: Fraction) -> Path:
    """Two tracks, gaps, a dissolve, a one-hour timecode start, a clip used twice."""
    r, hour = float(rate), 3600 * round(rate)
    a = make_clip(folder / "flower field.mov", 1, COUNT, rate)
    b = make_clip(folder / "crowd.mkv", 2, COUNT, rate)

    def shot(path: Path, first: int, count: int, base: int) -> otio.schema.Clip:
        return clip(path.stem, (base + first, count), (base, COUNT), url=path.as_uri(), rate=r)

    lower = track(
        gap(2, r),
        shot(a, 5, 8, hour),
        transition(2, 3, r),
        shot(b, 20, 7, 0),
        gap(3, r),
        shot(a, 9, 6, hour),
    )
    upper = track(gap(7, r), shot(b, 33, 4, 0), gap(8, r), shot(a, 36, 4, hour))
    path = folder / "cut.otio"
    otio.adapters.write_to_file(timeline(lower, upper), str(path))
    return path


def _batch(
    cut: Path, pack: Path, folder: Path, strength: float = 0.0, **more: object
) -> tuple[BatchResult, list[events.Event]]:
    told: list[events.Event] = []
    result = run_batch(
        cut,
        Look({"red": 1.0}, strength),
        Output.model_validate({"directory": folder, **more}),
        pack=str(pack),
        on_event=told.append,
    )
    return result, told


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_melt_plays_the_relinked_timeline_as_the_original(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    need_melt()
    cut = _cut(tmp_path, rate)
    untouched = cut.read_bytes()
    result, _ = _batch(cut, tiny_pack, tmp_path / "out", handles=2)
    assert result.exit_code == 0
    assert cut.read_bytes() == untouched
    (tmp_path / "before").mkdir()
    before = play(read_timeline(cut).timeline, rate, tmp_path / "before")
    assert sum(stamp is not None for stamp in stamps_of(before)) > 10
    for path in result.timelines:
        made = read_timeline(path).timeline
        for shown in made.find_clips():
            assert "/out/" in shown.media_reference.target_url
        folder = tmp_path / path.stem
        folder.mkdir()
        after = play(made, rate, folder)
        assert len(after) == len(before)
        assert all(np.array_equal(x, y) for x, y in zip(before, after, strict=True))


def test_shared_frames_are_rendered_once_and_a_second_batch_renders_nothing(
    tiny_pack: Path, tmp_path: Path
) -> None:
    cut = _cut(tmp_path, Fraction(24))
    result, told = _batch(cut, tiny_pack, tmp_path / "out")
    frames = sum(isinstance(event, events.Progress) for event in told)
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
    again, told = _batch(cut, tiny_pack, tmp_path / "out")
    assert again.exit_code == 0
    assert not any(isinstance(event, events.Progress) for event in told)
    assert [e.status for e in told if isinstance(e, events.ItemEnded)] == ["present"] * 4


def test_the_reference_says_where_it_came_from(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _cut(tmp_path, Fraction(24))
    result, _ = _batch(cut, tiny_pack, tmp_path / "out", strength=1.0)
    made = otio.adapters.read_from_file(str(result.timelines[0]))
    shown = made.find_clips()[0]
    assert shown.active_media_reference_key == "nle_style"
    assert set(shown.media_references()) == {"DEFAULT_MEDIA", "nle_style"}
    noted = shown.media_reference.metadata["nle_style"]
    assert noted["look"]["styles"] == {"red": 1.0}
    assert len(noted["pack_sha256"]) == 64


def test_a_missing_clip_is_named_and_the_rest_delivered(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _cut(tmp_path, Fraction(24))
    (tmp_path / "crowd.mkv").unlink()
    result, told = _batch(cut, tiny_pack, tmp_path / "out")
    assert result.exit_code == 3
    assert len(result.timelines) == 2
    warnings = [event.message for event in told if isinstance(event, events.Warned)]
    assert any("crowd" in message and "no such file" in message for message in warnings)


def test_nothing_to_do_is_bad_input(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _cut(tmp_path, Fraction(24))
    (tmp_path / "crowd.mkv").unlink()
    (tmp_path / "flower field.mov").unlink()
    result, _ = _batch(cut, tiny_pack, tmp_path / "out")
    assert (result.exit_code, result.timelines) == (2, ())
