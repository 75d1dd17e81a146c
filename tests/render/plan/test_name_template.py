"""`--name-template`: what results are called, checked before anything is painted."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import InputError
from nle_style.render import Item, LookJob, Output, RenderJob
from nle_style.render.farm import FarmRun, make_farm_job
from nle_style.render.item import run_job
from nle_style.render.plan import named_items, names_by
from tests.helpers.clips import make_clip
from tests.helpers.command import nle_style
from tests.helpers.stamps import make_clip as make_stamps
from tests.timeline.building import clip as otio_clip
from tests.timeline.building import timeline, track

FIELDS = {
    "clip": "A001_C003",
    "source": "flower",
    "look": "blue",
    "first": 100,
    "last": 147,
    "track": "V1",
    "cut": "reel 2",
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{clip}_{look}_{first}", "A001_C003_blue_000100"),
        ("{cut}/{clip}/{source}.{look}", "reel 2/A001_C003/flower.blue"),
        ("{clip}-{first:04}-{last:d}", "A001_C003-0100-147"),
        ("shots/{track}_{clip}", "shots/V1_A001_C003"),
    ],
)
def test_what_it_makes(template: str, name: str) -> None:
    assert names_by(template, [("", FIELDS)]) == [name]


def test_what_a_file_cannot_be_called_is_replaced_in_a_clips_name() -> None:
    fields = {**FIELDS, "clip": 'a/b\\c: "x"? <1>|*\n '}
    assert names_by("{clip}", [("", fields)]) == ["a_b_c_ _x__ _1____"]


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{clop}", "unknown field 'clop'.*Did you mean 'clip'"),
        ("{clip.__class__}", r"unknown field 'clip\.__class__'"),
        ("{clip[0]}", "unknown field"),
        ("{}", "unknown field ''"),
        ("{clip!r}", "takes no !r"),
        ("{clip:>20}", "is not a form"),
        ("{first:.2f}", "is not a form"),
        ("{clip", "its brackets do not close"),
        ("", "names nothing"),
        ("/renders/{clip}", "is a path outside of the results' folder"),
        ("../{clip}", "is a path outside of the results' folder"),
        ("{clip}//{look}", "has a folder without a name"),
        ("{clip}:{look}", "':' cannot be in the name of a file"),
        ("a\\{clip}", "cannot be in the name of a file"),
        ("{clip}.", "ends in a dot or a space"),
    ],
)
def test_what_is_refused(template: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        names_by(template, [("", FIELDS)])


@pytest.mark.parametrize("clip", ["con", "NUL.x", "..", ".", "", "x" * 300])
def test_names_that_no_file_can_have(clip: str) -> None:
    with pytest.raises(InputError):
        names_by("{clip}", [("", {**FIELDS, "clip": clip})])


def test_two_of_one_name_are_refused_with_both() -> None:
    """Some file systems take names for one that differ in case, or in how letters are composed."""
    pair = [("frames 0-9 of a", {**FIELDS, "clip": "\u00c9te"}),
            ("frames 5-9 of b", {**FIELDS, "clip": "e\u0301TE"})]  # fmt: skip
    with pytest.raises(InputError, match="frames 0-9 of a and frames 5-9 of b"):
        names_by("{clip}_{look}", pair)
    pair[1][1]["first"] = 7
    assert len(names_by("{clip}_{first}", pair)) == 2


def test_a_folder_for_each_shot(tiny_pack: Path, tmp_path: Path) -> None:
    """A movie and a sequence, twice: the second time both are there."""
    clip = make_clip(tmp_path / "a.mp4", frames=3, sound=False)
    look = LookJob(styles={"red": 1.0}, strength=0.0)
    items = (Item(source=clip, look=look, name="shots/one/a"),
             Item(source=clip, look=look, name="shots/two/b", format="exr"))  # fmt: skip
    job = RenderJob(items=items, output=Output(directory=tmp_path / "o"), pack=str(tiny_pack))
    assert [item.present for item in run_job(job).items] == [False, False]
    assert (tmp_path / "o/shots/one/a.mov").is_file()
    assert (tmp_path / "o/shots/one/a.report.json").is_file()
    assert (tmp_path / "o/shots/two/b/b.000002.exr").is_file()
    assert [item.present for item in run_job(job).items] == [True, True]


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a//b", "a/", "a\\b/", ""])
def test_a_jobs_names_stay_in_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="is not a plain"):
        Item(source=Path("a.mov"), look=LookJob(styles={"red": 1.0}), name=name)


def test_the_command_line(tiny_pack: Path, tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        make_clip(tmp_path / folder / "a.mp4", frames=4, sound=False)
    clips = [tmp_path / "x" / "a.mp4", tmp_path / "y" / "a.mp4"]
    options = ("--pack", tiny_pack, "--style", "red", "--strength", 0, "-o", tmp_path / "o")
    named = ("--frames", "1-2", "--name-template", "{clip}/{clip}_{look}_{first:03}")
    done = nle_style("render", clips[0], *options, *named)
    assert done.code == 0, done.err
    assert (tmp_path / "o" / "a" / "a_red_001.mov").is_file()
    done = nle_style("render", *clips, *options, *named, "--dry-run")
    assert done.code == 2
    assert "would both be named 'a/a_red_001'" in done.err
    done = nle_style("render", clips[0], *options, "--name-template", "{clip}_{last}")
    assert done.code == 2
    assert "--frames" in done.err


def test_only_the_field_last_needs_the_frames() -> None:
    """Brackets that are doubled are brackets of the name."""
    item = Item(source=Path("a.mov"), look=LookJob(styles={"red": 1.0}))
    (named,) = named_items([item], "{clip}{{last}}")
    assert named.name == "a{last}"
    with pytest.raises(InputError, match="is not known before a whole clip is read"):
        named_items([item], "{clip}{{last}}{last:d}")


def test_the_tasks_of_a_farm_find_the_folders(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=3, sound=False)
    item = Item(source=clip, look=LookJob(styles={"red": 1.0}, strength=0.0), name="shots/one/a")
    output = Output(directory=tmp_path / "o")
    farm = make_farm_job(RenderJob(items=(item,), output=output, pack=str(tiny_pack)))
    FarmRun(farm).render(0, 0)
    assert FarmRun(farm).assemble().exit_code == 0
    assert (tmp_path / "o/shots/one/a.mov").is_file()


def test_a_cut_is_relinked_to_the_folders_of_its_shots(tiny_pack: Path, tmp_path: Path) -> None:
    media = make_stamps(tmp_path / "a.mov", 1, 40, Fraction(25), still=True).as_uri()
    shots = [
        otio_clip(name, (first, 5), (0, 40), url=media, rate=25)
        for name, first in (("Sc 1/A", 0), ("B", 20), ("B", 22))
    ]
    otio.adapters.write_to_file(timeline(track(*shots)), str(tmp_path / "cut.otio"))
    options = ("--pack", tiny_pack, "--style", "red", "--strength", 0, "-o", tmp_path / "o")
    template = ("--name-template", "{cut}/{clip}/{clip}_{look}_{first:03}")
    done = nle_style("batch", tmp_path / "cut.otio", *options, *template)
    assert done.code == 0, done.err
    relinked = otio.adapters.read_from_file(str(tmp_path / "o" / "cut.red.baked.otio"))
    shown = [clip.media_reference.target_url for clip in relinked.find_clips()]
    named = ["cut/Sc 1_A/Sc 1_A_red_000.mov", *["cut/B/B_red_020.mov"] * 2]
    assert shown == [str(tmp_path / "o" / name) for name in named]
    assert all(Path(path).is_file() for path in shown)
    again = nle_style("batch", tmp_path / "cut.otio", *options, *template, "--dry-run", "--json")
    made = json.loads(again.out)["intermediates"]
    assert [each["status"] for each in made] == ["present"] * 2
