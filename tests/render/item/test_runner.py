"""run_job on real clips: exact, named, resumable, cancellable."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from nle_style.errors import Cancelled, InputError, MediaError
from nle_style.render import Control, Item, LookJob, Output, RenderJob, events
from nle_style.render.item import JobResult, run_job
from tests.helpers.clips import frame_md5s, make_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


def _job(
    pack: Path,
    folder: Path,
    *items: tuple[Path, tuple[int, int] | None],
    strength: float = 0.0,
    style: str = "red",
    **control: object,
) -> RenderJob:
    look = LookJob(styles={style: 1.0}, strength=strength)
    return RenderJob(
        items=tuple(Item(source=source, frames=frames, look=look) for source, frames in items),
        output=Output(directory=folder),
        control=Control.model_validate(control),
        pack=str(pack),
    )


def _run(job: RenderJob, stop: threading.Event | None = None) -> tuple[JobResult, list]:
    told: list[events.Event] = []
    return run_job(job, told.append, stop), told


def test_strength_0_gives_the_source_and_events_tell_it(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    result, told = _run(_job(tiny_pack, tmp_path, (clip, (3, 12))))
    assert result.exit_code == 0
    output = tmp_path / "clip.red.mov"
    assert frame_md5s(output) == frame_md5s(clip)[3:13]
    kinds = [event.kind for event in told]
    assert kinds == ["started", *["progress"] * 10, "item", "done"]
    progress = [event for event in told if isinstance(event, events.FramePainted)]
    assert [event.frame for event in progress] == list(range(3, 13))
    assert [event.done for event in progress] == list(range(1, 11))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.red.manifest.jsonl",
        "clip.red.mov",
        "clip.red.report.json",
    ]


def test_a_second_run_renders_nothing_and_another_look_does(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, (clip, (0, 5)), strength=1.0)
    _run(job)
    before = (tmp_path / "clip.red.mov").stat()
    result, told = _run(job)
    assert result.exit_code == 0
    assert [event.kind for event in told] == ["started", "item", "done"]
    assert told[1].status == "present"
    assert (tmp_path / "clip.red.mov").stat().st_mtime_ns == before.st_mtime_ns
    first = frame_md5s(tmp_path / "clip.red.mov")
    _run(_job(tiny_pack, tmp_path, (clip, (0, 5)), strength=0.5))
    second = frame_md5s(tmp_path / "clip.red.mov")
    assert len(first) == len(second) == 6
    assert not set(first) & set(second)


def test_every_control_of_a_look_is_in_the_key(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    """A changed control is another render, under the same name; the default said is the default."""

    def run(**controls: object) -> str:
        look = LookJob.model_validate({"styles": {"red": 1.0}, "statistics": "frame", **controls})
        job = RenderJob(
            items=(Item(source=clip, frames=(0, 1), look=look),),
            output=Output(directory=tmp_path),
            pack=str(tiny_pack),
        )
        _, told = _run(job)
        ended = [event for event in told if isinstance(event, events.ItemEnded)]
        return ended[0].status

    assert run() == "delivered"
    assert run(stroke_scale=1.0, colour="poster") == "present"
    pictures = {tuple(frame_md5s(tmp_path / "clip.red.mov"))}
    for controls in ({"stroke_scale": 4}, {"colour": "source"}, {"strength": 0.5}):
        assert run(**controls) == "delivered"
        assert run(**controls) == "present"
        pictures.add(tuple(frame_md5s(tmp_path / "clip.red.mov")))
    assert len(pictures) == 4


def test_a_damaged_result_is_refused_and_rendered_on_purpose(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, (clip, (0, 5)))
    _run(job)
    output = tmp_path / "clip.red.mov"
    whole = output.read_bytes()
    output.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"clip\.red\.mov: is not what nle-style wrote"):
        _run(job)
    assert output.read_bytes() == whole[: len(whole) // 2]
    result, _ = _run(_job(tiny_pack, tmp_path, (clip, (0, 5)), overwrite=True))
    assert result.exit_code == 0
    assert output.read_bytes() == whole
    output.write_bytes(b"")
    assert _run(job)[0].exit_code == 0, "an empty file holds nothing that could be lost"
    assert output.read_bytes() == whole


def test_names_of_other_ranges_and_sources(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    """A timeline may be linked to what is there: another range or source never replaces it."""
    (tmp_path / "other").mkdir()
    other = make_clip(tmp_path / "other" / "clip.mp4", frames=6, sound=False)
    folder = tmp_path / "out"
    _run(_job(tiny_pack, folder, (clip, (0, 3))))
    kept = (folder / "clip.red.mov").read_bytes()
    result, _ = _run(_job(tiny_pack, folder, (clip, (10, 11)), (other, None), (clip, (0, 3))))
    names = [item.plan.destination.name for item in result.items if item.plan]
    assert names[0] == "clip.red.000010-000011.mov"
    assert names[1].startswith("clip.red.000000-000005") or names[1].startswith("clip.red-")
    assert names[2] == "clip.red.mov"
    assert (folder / "clip.red.mov").read_bytes() == kept
    assert len(set(names)) == 3


def test_one_bad_item_does_not_stop_the_others(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("these are notes\n")
    job = _job(
        tiny_pack,
        tmp_path / "out",
        (tmp_path / "none.mp4", None),
        (clip, (0, 1)),
        (text, None),
        (clip, (18, 40)),
    )
    result, told = _run(job)
    assert result.exit_code == 3
    assert [item.error is None for item in result.items] == [False, True, False, False]
    messages = [e.message for e in told if isinstance(e, events.ItemEnded) and e.message]
    assert len(messages) == 3
    assert str(tmp_path / "none.mp4") in messages[0]
    assert "0-19" in messages[2], "says which frames there are"
    assert isinstance(result.items[2].error, MediaError)
    assert told[-1] == events.Done(delivered=1, present=0, refused=3, exit_code=3, missing=1)


def test_all_refused_is_bad_input(tiny_pack: Path, tmp_path: Path) -> None:
    result, _ = _run(_job(tiny_pack, tmp_path, (tmp_path / "none.mp4", None)))
    assert result.exit_code == 2


@pytest.mark.parametrize("by_file", [False, True])
def test_cancel_keeps_what_is_done_and_goes_on(
    tiny_pack: Path, clip: Path, tmp_path: Path, by_file: bool
) -> None:
    whole = tmp_path / "whole"
    _run(_job(tiny_pack, whole, (clip, None), strength=1.0))
    folder = tmp_path / "out"
    flag = tmp_path / "cancel"
    stop = threading.Event()

    def at_frame_17(event: events.Event) -> None:
        if isinstance(event, events.FramePainted) and event.frame == 16:
            flag.touch() if by_file else stop.set()

    job = _job(tiny_pack, folder, (clip, None), strength=1.0, cancel_file=flag)
    with pytest.raises(Cancelled):
        run_job(job, at_frame_17, stop)
    assert not (folder / "clip.red.mov").exists()
    flag.unlink(missing_ok=True)
    result, told = _run(job)
    assert result.exit_code == 0
    rendered = [event.frame for event in told if isinstance(event, events.FramePainted)]
    assert rendered[0] > 0, "the units before the cancel are not rendered again"
    assert rendered[-1] == 19
    assert frame_md5s(folder / "clip.red.mov") == frame_md5s(whole / "clip.red.mov")


def test_no_resume_starts_over(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    job = _job(tiny_pack, tmp_path, (clip, (0, 3)))
    _run(job)
    again = job.model_copy(update={"control": Control(resume=False)})
    _, told = _run(again)
    assert sum(isinstance(event, events.FramePainted) for event in told) == 4


def test_handles_are_added_as_far_as_there_are_frames(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, (clip, (2, 15)))
    job = job.model_copy(update={"output": Output(directory=tmp_path, handles=3)})
    result, _ = _run(job)
    assert result.items[0].plan is not None
    assert (result.items[0].plan.first, result.items[0].plan.last) == (0, 18)
    assert frame_md5s(tmp_path / "clip.red.mov") == frame_md5s(clip)[:19]
