"""Timelines that once went wrong, with the frames that are right: the material beside the
repository, where it is there."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pytest

from nle_style.apply import Look
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, plan_batch
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.clip_table import clip_place
from tests.helpers.stamps import make_clip

CASES = Path(__file__).parents[5] / "shared" / "cases"
NTSC = Fraction(24000, 1001)
OWN = {
    "a24.mov": (Fraction(24), "01:00:00:00"),
    "b24.mov": (Fraction(24), None),
    "a25.mov": (Fraction(25), None),
    "a2398.mov": (NTSC, "23:59:58:00"),
    "ndf.mov": (Fraction(30000, 1001), "01:00:00:00"),
}


class Case(NamedTuple):
    """Frames of each clip that is planned, by its file's name, in the order of the plan."""

    shown: list[tuple[str, int, int]]
    rate: Fraction | None = None
    notes: dict[int, str] = {}  # noqa: RUF012  (by the place of the clip; never changed)


# The frames that its README says, and one more on each side where a speed is not 1.
TIMELINES = {
    "timelines/multicam_angle_used_twice.fcpxml": Case(
        [("a24.mov", 0, 19), ("b24.mov", 20, 39), ("a24.mov", 40, 59)]
    ),
    "timelines/nest_used_twice.xml": Case([("a24.mov", 10, 29), ("a24.mov", 40, 59)]),
    "timelines/no_line_breaks.xml": Case([("a24.mov", 10, 29), ("a24.mov", 50, 69)]),
    "timelines/source_past_midnight.edl": Case(
        [("a2398.mov", 24, 71), ("a2398.mov", 58, 81)], NTSC, {1: "read as the file's timecode"}
    ),
    "timelines/subclip_startoffset.xml": Case([("a24.mov", 35, 54)]),
    "timelines/stillframeoffset.xml": Case([("a24.mov", 12, 13)]),
    "timelines/multiclip.xml": Case([("b24.mov", 10, 29)]),
    "public/timelines/edl_names_not_read/key.edl": Case(
        [("bg_023.mov", 0, 29), ("bg_023.mov", 0, 56), ("bg_023.mov", 57, 86),
         ("fg_026.mov", 0, 56)],
        Fraction(30000, 1001),
    ),
    "public/timelines/edl_names_not_read/reel_is_clip.edl": Case(
        [("a25.mov", 0, 49)], Fraction(25)
    ),
    "public/timelines/edl_outgoing_line_with_length/fcp_style.edl": Case(
        [("ONE.MOV", 10, 44), ("TWO.MOV", 0, 34), ("THREE.MOV", 50, 74)], Fraction(25)
    ),
    "public/timelines/edl_outgoing_line_with_length/shotcut_style.edl": Case(
        [("clip_a.mp4", 0, 124), ("clip_a.mp4", 125, 150), ("clip_b.mp4", 0, 24),
         ("clip_b.mp4", 25, 124)],
        Fraction(25),
    ),
    "public/timelines/edl_over_midnight/source.edl": Case(
        [("night.mov", 25, 49), ("night.mov", 60, 84), ("night.mov", 100, 124)], Fraction(25)
    ),
    "public/timelines/edl_over_midnight/record.edl": Case(
        [("ONE.MOV", 0, 24), ("TWO.MOV", 50, 74), ("THREE.MOV", 0, 24)], Fraction(25)
    ),
    "public/timelines/fcp7_image_sequence/seq.xml": Case(
        [("output.%04d.png", 10, 29)], None, {0: "first file of a sequence"}
    ),
    "public/timelines/fcp7_mixed_rate_in_point/seqgrid.xml": Case(
        [("a25.mov", 50, 84)], None, {0: "the frames of both are planned"}
    ),
    "public/timelines/fcpxml_pathurl/pathurl.fcpxml": Case([("a25.mov", 30, 49)]),
    "public/timelines/kdenlive_proxy/proxy.kdenlive": Case([("a25.mov", 10, 29)]),
    "public/timelines/nfd_path/nfd.fcpxml": Case([("Café Übung.mov", 30, 49)]),
    "public/timelines/nfd_path/vol.fcpxml": Case([("Café Übung.mov", 30, 49)]),
    "public/timelines/otio_speed_of_premiere/prem.otio": Case(
        [("a25.mov", 9, 50), ("a25.mov", 19, 99), ("a25.mov", 0, 9)],
        None,
        {0: "the frames of both", 1: "the frames of both"},
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _need_cases() -> None:
    if not CASES.is_dir():
        pytest.skip(f"no cases at {CASES}")


@pytest.fixture(scope="module")
def own_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for name, (rate, timecode) in OWN.items():
        make_clip(folder / name, 1, 100, rate, timecode=timecode)
    (folder / "a25.mov").rename(folder / "a25.mp4")
    return folder


def planned(
    name: str, folder: Path, media: Path, pack: Path, rate: Fraction | None
) -> PlannedBatch:
    """The plan of a copy of a case with the paths of this machine in it."""
    cut = folder / Path(name).name
    text = (CASES / name).read_text(encoding="utf-8")
    text = text.replace("/CASES/", f"{CASES / 'public'}/").replace("/MEDIA/", "MEDIA/")
    cut.write_text(text.replace("MEDIA/", f"{media}/"), encoding="utf-8")
    public = CASES / "public" / "timelines" / "media"
    searched = (public if name.startswith("public") else media,) if cut.suffix == ".edl" else ()
    maps = (("/Volumes/Média", str(public)),)
    options = BatchOptions(rate=rate, media=searched, path_maps=maps)
    look = Look({"red": 1.0}, 0.0)
    return plan_batch(cut, look, Output(directory=folder / "out"), options=options, pack=str(pack))


@pytest.mark.parametrize("name", TIMELINES)
def test_the_frames_that_are_right(
    name: str, tmp_path: Path, own_media: Path, tiny_pack: Path
) -> None:
    case = TIMELINES[name]
    plan = planned(name, tmp_path, own_media, tiny_pack, case.rate).plan
    assert [(u.source.name, u.first, u.last) for u in plan.uses] == case.shown
    assert not plan.refusals
    for place, note in case.notes.items():
        assert note in plan.uses[place].note


def test_every_clip_of_the_ramp(tmp_path: Path, own_media: Path, tiny_pack: Path) -> None:
    plan = planned("timelines/timemap_ramp.fcpxml", tmp_path, own_media, tiny_pack, None).plan
    shown = {use.clip_name: (use.first, use.last) for use in plan.uses}
    # 10 frames at 100 %, 0 to 9, and 10 at 300 %: 10, 13, ... 37.
    assert shown["ramp"] == (0, 38)
    assert shown["plain"] == (10, 29)
    # The media's frames 20, 22, ... 58 at double speed.
    assert shown["x2"] == (19, 59)
    assert len(shown) == 8
    assert not plan.refusals


def test_a_list_at_29_97_is_reported_in_its_own_count(
    tmp_path: Path, own_media: Path, tiny_pack: Path
) -> None:
    name = "timelines/record_ndf_2997.edl"
    batch = planned(name, tmp_path, own_media, tiny_pack, Fraction(30000, 1001))
    places = [clip_place(batch.read, use)["timeline"][0] for use in batch.plan.uses]
    assert places == ["01:00:00:00", "01:10:00:00"]
