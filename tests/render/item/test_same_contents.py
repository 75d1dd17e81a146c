"""One result for one content, range and look, wherever the source lies and however often it is
asked for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from nle_style.render import Control, Item, LookJob, MatteJob, Output, RenderJob, events
from nle_style.render.farm import run_in_workers
from nle_style.render.item import run_job
from tests.helpers.media_factory import ffmpeg, make

LOOK = LookJob(styles={"red": 1.0}, strength=0.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("clip") / "clip.mov", frames=4, size="32x18")


def _job(pack: Path, out: Path, items: Sequence[Item], **control: Any) -> RenderJob:
    return RenderJob(
        items=tuple(items),
        output=Output(directory=out),
        control=Control(device="cpu", **control),
        pack=str(pack),
    )


def _ended(job: RenderJob, render: Any = run_job, **more: Any) -> list[tuple[str, str]]:
    """Of every item how it ended and the name of its result; progress ends at its end."""
    told: list[events.Event] = []
    render(job, told.append, **more)
    (started,) = (each for each in told if isinstance(each, events.Started))
    painted = [each.done for each in told if isinstance(each, events.FramePainted)]
    assert not painted or more or painted[-1] == started.frames
    return [
        (each.status, Path(each.path).name) for each in told if isinstance(each, events.ItemEnded)
    ]


def _names(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("*.mov"))


@pytest.mark.parametrize("resume", [True, False])
def test_five_times_the_same_clip_is_one_result(
    resume: bool, clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, [Item(source=clip, look=LOOK)] * 5, resume=resume)
    assert _ended(job) == [("delivered", "clip.red.mov"), *[("present", "clip.red.mov")] * 4]
    assert _names(tmp_path) == ["clip.red.mov"]


@pytest.mark.slow
def test_workers_share_a_result_as_well(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    job = _job(tiny_pack, tmp_path, [Item(source=clip, look=LOOK)] * 3)
    found = _ended(job, run_in_workers, workers=2)
    assert found == [("delivered", "clip.red.mov"), *[("present", "clip.red.mov")] * 2]
    assert _names(tmp_path) == ["clip.red.mov"]


def test_a_source_that_was_moved_finds_its_result(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """And so does one whose matte was moved."""
    ffmpeg("-f", "lavfi", "-i", "color=white:s=32x18", "-frames:v", 1, tmp_path / "matte.png")
    for name, status in (("here", "delivered"), ("there", "present")):
        (tmp_path / name).mkdir()
        source = Path(shutil.copyfile(clip, tmp_path / name / "clip.mov"))
        matte = Path(shutil.copyfile(tmp_path / "matte.png", tmp_path / name / "m.png"))
        items = [
            Item(source=source, look=LOOK),
            Item(source=source, look=LOOK, name="inside", matte=MatteJob(source=matte)),
        ]
        found = _ended(_job(tiny_pack, tmp_path / "out", items))
        assert found == [(status, "clip.red.mov"), (status, "inside.mov")]
        shutil.rmtree(tmp_path / name)
    assert _names(tmp_path / "out") == ["clip.red.mov", "inside.mov"]


def test_other_pictures_of_the_same_name_have_another_result(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Also when both have moved, each finds its own."""
    out = tmp_path / "out"
    other = _other(tmp_path / "b")
    items = [Item(source=path, look=LOOK) for path in (clip, other)]
    (_, first), (_, second) = _ended(_job(tiny_pack, out, items))
    assert first == "clip.red.mov" != second
    moved = []
    for index, path in enumerate((clip, other)):
        (tmp_path / f"moved{index}").mkdir()
        moved.append(Path(shutil.copyfile(path, tmp_path / f"moved{index}" / "clip.mov")))
    again = _job(tiny_pack, out, [Item(source=path, look=LOOK) for path in moved[::-1]])
    assert _ended(again) == [("present", second), ("present", first)]
    assert _names(out) == sorted([first, second])


def _other(folder: Path) -> Path:
    folder.mkdir()
    ffmpeg("-f", "lavfi", "-i", "smptebars=s=32x18:r=25", "-frames:v", 4, "-c:v", "png",
           folder / "clip.mov")  # fmt: skip
    return folder / "clip.mov"


def test_a_source_that_changed_in_its_place_keeps_its_name(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Also where it is the second of its name, and was moved before: a timeline is linked to it."""
    out, other = tmp_path / "out", _other(tmp_path / "b")
    items = [Item(source=path, look=LOOK) for path in (clip, other)]
    names = [name for _, name in _ended(_job(tiny_pack, out, items))]
    other = other.rename(tmp_path / "clip.mov")
    items[1] = Item(source=other, look=LOOK)
    assert _ended(_job(tiny_pack, out, items)) == [("present", name) for name in names]
    ffmpeg("-f", "lavfi", "-i", "mandelbrot=s=32x18:r=25", "-frames:v", 4, "-c:v", "png", "-y",
           other)  # fmt: skip
    again = _ended(_job(tiny_pack, out, items))
    assert again == [("present", names[0]), ("delivered", names[1])]


def test_a_sequence_with_other_numbers_is_another_result(tiny_pack: Path, tmp_path: Path) -> None:
    """Its pictures are the same, but its files' numbers are not, and they are kept."""
    for folder, start in (("a", 1), ("b", 101)):
        (tmp_path / folder).mkdir()
        ffmpeg("-f", "lavfi", "-i", "smptebars=s=32x18:r=25", "-frames:v", 2, "-start_number",
               start, tmp_path / folder / "p.%04d.png")  # fmt: skip
    job = _job(
        tiny_pack,
        tmp_path / "out",
        [Item(source=tmp_path / folder / "p.%04d.png", look=LOOK) for folder in "ab"],
    )
    job = job.model_copy(update={"output": Output(directory=tmp_path / "out", format="exr")})
    (_, first), (_, second) = _ended(job)
    assert first == "p.red" != second
    numbers = [
        [path.stem.rsplit(".")[-1] for path in sorted((tmp_path / "out" / name).iterdir())]
        for name in (first, second)
    ]
    assert numbers == [["000001", "000002"], ["000101", "000102"]]


def test_names_that_some_systems_take_for_one_are_two(
    clip: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """On Windows and macOS `Clip.red.mov` would replace `clip.red.mov`."""
    (tmp_path / "b").mkdir()
    upper = _other(tmp_path / "c").rename(tmp_path / "b" / "CLIP.mov")
    items = [Item(source=path, look=LOOK) for path in (clip, upper)]
    names = [name for _, name in _ended(_job(tiny_pack, tmp_path / "out", items))]
    assert names[0] == "clip.red.mov"
    assert names[1] != "CLIP.red.mov"
    assert len(_names(tmp_path / "out")) == 2
