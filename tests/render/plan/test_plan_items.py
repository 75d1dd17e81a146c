"""Items as they are planned: the names of sequences, the rate that an edit gives them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from nle_style.core import load_pack
from nle_style.errors import InputError, MediaError
from nle_style.media.source import probe_media
from nle_style.render import Control, Item, LookJob, Output, Reading, RenderJob
from nle_style.render.item import JobResult, run_job
from nle_style.render.plan import Planner, read_as
from tests.helpers.clips import make_clip
from tests.helpers.media_factory import ffmpeg
from tests.helpers.media_infos import EIGHT_BITS

LOOK = LookJob(styles={"red": 1.0}, strength=0.0)


def _run(pack: Path, folder: Path, item: Item, format: str) -> JobResult:
    output = Output(directory=folder, format=format)
    return run_job(
        RenderJob(items=(item,), output=output, control=Control(device="cpu"), pack=str(pack))
    )


@pytest.mark.parametrize("format", ["exr", "dpx"])
def test_a_sequences_files_are_where_the_plan_says(
    format: str, tiny_pack: Path, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=12, sound=False)
    result = _run(tiny_pack, tmp_path, Item(source=clip, frames=(5, 7), look=LOOK), format)
    plan = result.items[0].plan
    assert plan is not None
    files = plan.sequence_files
    assert files is not None
    names = [
        f"{files.prefix}{files.start_frame + k:0{files.padding}d}{files.suffix}" for k in range(3)
    ]
    assert sorted(path.name for path in files.folder.iterdir()) == names
    assert names[0] == f"clip.red.000005.{format}"


def test_a_movie_has_no_sequence_files(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=3, sound=False)
    result = _run(tiny_pack, tmp_path, Item(source=clip, look=LOOK), "png-mov")
    assert result.items[0].plan is not None
    assert result.items[0].plan.sequence_files is None


def test_a_sequence_runs_at_the_edits_rate(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=4, sound=False)
    ffmpeg("-i", clip, tmp_path / "still.%04d.png")
    pattern = tmp_path / "still.%04d.png"
    for rate, name in (("25", "a"), ("24000/1001", "b"), (None, "c")):
        item = Item(source=pattern, look=LOOK, rate=rate, name=name)
        assert _run(tiny_pack, tmp_path, item, "png-mov").exit_code == 0
    rates = [probe_media(tmp_path / f"{name}.mov").rate for name in "abc"]
    assert rates == [Fraction(25), Fraction(24000, 1001), Fraction(24)]


def test_what_is_not_shown_as_it_is_stored_is_refused_where_that_is_asked_for() -> None:
    turned = replace(EIGHT_BITS, otherwise=("turned by its display matrix",))
    assert read_as(turned, Reading()) == turned
    assert read_as(EIGHT_BITS, Reading(as_stored=True)) == EIGHT_BITS
    with pytest.raises(MediaError, match="is to be shown turned by its display matrix, by what"):
        read_as(turned, Reading(as_stored=True))


def test_a_movie_keeps_its_own_rate(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=3, sound=False)
    item = Item(source=clip, look=LOOK, rate="30000/1001")
    assert _run(tiny_pack, tmp_path, item, "png-mov").exit_code == 0
    error = _run(tiny_pack, tmp_path, item.model_copy(update={"rate": "30"}), "png-mov")
    assert isinstance(error.items[0].error, MediaError)
    assert "runs at 30000/1001" in str(error.items[0].error)


def test_too_little_memory_is_refused_before_anything_is_rendered(
    tiny_pack: Path, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=2, sound=False)
    job = RenderJob(
        items=(Item(source=clip, look=LookJob(styles={"red": 1.0})),),
        output=Output(directory=tmp_path / "out"),
        control=Control(memory="500MiB"),
        pack=str(tiny_pack),
    )
    (item,) = run_job(job).items
    assert isinstance(item.error, InputError)
    assert str(item.error).startswith(f"{clip}: 0.49 GiB of memory are too little to paint ")
    assert "out of frames of 64x48. Give 0." in str(item.error)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("strength", "chroma"), [(0.0, ""), (0.5, "left")])
def test_what_is_painted_has_its_chroma_where_it_lies(
    tiny_pack: Path, tmp_path: Path, strength: float, chroma: str
) -> None:
    """At strength 0 the plain ffmpeg command's pixels come back, else they are interpolated."""
    clip = make_clip(tmp_path / "clip.mp4", frames=1, sound=False)
    look = LookJob(styles={"red": 1.0}, strength=strength)
    job = RenderJob(items=(Item(source=clip, look=look),), output=Output(directory=tmp_path))
    plan = Planner(job, load_pack(tiny_pack), torch.device("cpu")).plan(job.items[0])
    assert plan.info.chroma == chroma
