"""What the desk renders is what `batch --map` renders; it is cancelled, gone on with and judged."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from nle_style.desk.session import Desk, timeline_of_clips
from nle_style.errors import InputError, LookError
from nle_style.media.source import probe_media, read_frames
from nle_style.render.cut import run_batch
from tests.desk.desks import batch_of_map, desk_on, look, states
from tests.desk.review.cuts import write_cut
from tests.helpers.stamps import make_clip, make_sequence, read_stamp


def rendered(desk: Desk, when: Callable[[str, Mapping[str, Any]], None] | None = None) -> Any:
    """Render to the end, and the progress that was told last."""
    over, told = threading.Event(), []

    def hear(kind: str, data: Mapping[str, Any]) -> None:
        if when is not None:
            when(kind, data)
        if kind == "render":
            told.append(data)
            if not data["running"]:
                over.set()

    desk.on_event = hear
    desk.render()
    assert over.wait(120)
    return told


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    return write_cut(tmp_path, Fraction(24))


def test_it_renders_what_the_batch_renders(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    desk.choose(["s0001"], look(0.5, blue=0.7, red=0.3))
    desk.choose(["s0002"], look(green=1.0))
    plan = desk.plan()
    assert [(row["shot"], row["status"], row["frames"]) for row in plan["rows"]] == [
        ("s0001", "to render", 8),
        ("s0002", "to render", 7),
    ]
    assert plan["frames"] == 15
    last = rendered(desk)[-1]
    assert (last["exit_code"], last["message"], last["done"]) == (0, "2 clips styled", 15)
    assert states(desk) == ["rendered", "rendered"]
    assert [row["status"] for row in desk.plan()["rows"]] == ["present", "present"]
    desk.close()
    run_batch(batch_of_map(cut, tiny_pack, tmp_path / "other", tmp_path / "out" / "looks.yaml"))
    names = sorted(path.name for path in (tmp_path / "other").glob("*.otio"))
    assert names == ["cut.styled.baked.otio", "cut.styled.otio"]
    for name in names:
        ours = (tmp_path / "out" / name).read_text()
        theirs = (tmp_path / "other" / name).read_text()
        assert ours == theirs.replace(str(tmp_path / "other"), str(tmp_path / "out"))


def test_a_cancelled_render_goes_on_also_at_another_desk(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    desk.choose(["s0001", "s0002"], look(blue=1.0))
    seen: list[str] = []

    def stop(kind: str, data: Mapping[str, Any]) -> None:
        if kind == "shots":
            seen.extend(shot["state"] for shot in data["shots"])
            if "rendered" in seen:
                desk.cancel()

    last = rendered(desk, stop)[-1]
    assert last["exit_code"] == 130
    assert states(desk) == ["rendered", "chosen"]
    assert seen[:4] == ["waiting", "waiting", "rendering", "rendered"]
    desk.close()
    again = desk_on(cut, tiny_pack, tmp_path / "out")
    told = rendered(again)
    assert (told[-1]["exit_code"], states(again)) == (0, ["rendered", "rendered"])
    assert told[-1]["message"] == "2 clips styled (1 was there already)"
    again.close()


def test_what_another_version_of_the_pack_painted_is_not_rendered(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    pack = Path(shutil.copy(tiny_pack, tmp_path / "own.safetensors"))
    desk = desk_on(cut, pack, tmp_path / "out")
    desk.choose(["s0001"], look(blue=1.0))
    rendered(desk)
    desk.close()
    assert states(desk_on(cut, pack, tmp_path / "out"))[0] == "rendered"
    tensors = load_file(pack)
    with safe_open(pack, "pt") as opened:
        note = opened.metadata()
    name = min(tensors)
    save_file({**tensors, name: tensors[name] * 1.5}, pack, note)
    again = desk_on(cut, pack, tmp_path / "out")
    assert states(again)[0] == "chosen"
    assert again.plan()["rows"][0]["status"] == "to render"
    again.close()


def test_a_shot_that_is_chosen_otherwise_is_rendered_no_more(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    desk.choose(["s0001"], look(blue=1.0))
    rendered(desk)
    said = desk.judge("s0001", "approved", "good", 6)
    assert (said["state"], said["review"]["note_frame"]) == ("approved", 6)
    project = desk.choose(["s0001"], look(red=1.0))
    assert [shot["state"] for shot in project["shots"]] == ["chosen", "unstyled"]
    assert project["shots"][0]["review"] is None
    assert desk.undo()["shots"][0]["state"] == "approved"
    desk.judge("s0001", "sent back", "too blue", None)
    desk.close()
    again = desk_on(cut, tiny_pack, tmp_path / "out")
    assert again.project()["shots"][0]["review"]["note"] == "too blue"
    with pytest.raises(InputError, match="not rendered"):
        again.judge("s0002", "approved", "", None)
    again.close()


def test_a_refused_shot_says_why_and_the_others_are_rendered(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    timeline = otio.adapters.read_from_file(str(cut))
    gone = timeline.find_clips()[1]
    gone.media_reference.target_url = "/nowhere/gone.mov"
    otio.adapters.write_to_file(timeline, str(cut))
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    refused = next(shot for shot in desk.project()["shots"] if shot["state"] == "refused")
    assert "gone.mov" in refused["reason"]
    assert refused["remedy"]
    with pytest.raises(InputError, match="can be styled"):
        desk.choose([refused["id"]], look(blue=1.0))
    desk.choose(["s0001"], look(blue=1.0))
    assert rendered(desk)[-1]["exit_code"] == 0  # nothing is asked for the other
    assert states(desk) == ["rendered", "refused"]
    desk.close()


def test_nothing_chosen_is_nothing_to_render(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    with pytest.raises(LookError, match="no clip asks for a look"):
        desk.render()
    assert not desk.project()["render"]["running"]
    desk.close()


def test_looks_go_into_a_copy_of_the_cut_as_markers(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out")
    desk.choose(["s0001"], look(0.5, blue=1.0))
    rendered(desk)
    desk.choose(["s0002"], look(red=1.0))
    path = desk.write_markers()
    desk.close()
    other = desk_on(path, tiny_pack, tmp_path / "other")
    looks = [shot["look"] for shot in other.project()["shots"]]
    assert [(each["styles"], each["strength"]) for each in looks] == [
        ({"blue": 1.0}, 0.5),
        ({"red": 1.0}, 1.0),
    ]
    other.close()


def test_clips_are_a_cut_of_their_own(tiny_pack: Path, tmp_path: Path) -> None:
    movie = make_clip(tmp_path / "a.mov", 3, 6, Fraction(24))
    files = make_sequence(tmp_path / "seq", "seq", 4, 5, 1001)
    infos = [probe_media(movie), probe_media(files)]
    path = tmp_path / "clips.otio"
    path.write_text(timeline_of_clips(infos).to_json_string())
    desk = desk_on(path, tiny_pack, tmp_path / "out")
    shots = desk.project()["shots"]
    assert [(shot["frames"], shot["numbers"]) for shot in shots] == [
        ((0, 5), [0, 5]),
        ((0, 4), [1001, 1005]),
    ]
    desk.choose(["s0001", "s0002"], look(0.0, blue=1.0))
    assert rendered(desk)[-1]["exit_code"] == 0
    for entry, stamp in ((desk.entry("s0001"), 3), (desk.entry("s0002"), 4)):
        frames = read_frames(probe_media(entry.intermediate), 0, 1)
        assert [read_stamp(frame) for frame in frames] == [(stamp, 0), (stamp, 1)]
    desk.close()
