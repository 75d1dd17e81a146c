"""What Kdenlive's clips show: originals behind proxies, slideshows, disabled clips, markers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.looks import ClipLook, looks_for, markers_without_clip
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of

R25 = Fraction(25)


def properties(**values: str) -> str:
    """Properties; a name's double underscore is Kdenlive's colon."""
    return "".join(
        f'<property name="{name.replace("__", ":")}">{escape(value)}</property>'
        for name, value in values.items()
    )


def read(
    folder: Path, clip: str, *, first: int = 10, in_bin: str = "", bin_more: str = ""
) -> ReadTimeline:
    """A project of one clip, frames `first` to `first` + 19; `in_bin` are properties of its
    clip in the bin."""
    text = (
        f'<mlt root="{folder}"><profile frame_rate_num="25" frame_rate_den="1"/>'
        f'<producer id="p" in="0" out="99">{properties(length="100", kdenlive__id="3")}{clip}'
        f'</producer><producer id="b">{properties(kdenlive__id="3")}{in_bin}</producer>'
        f'<playlist id="main_bin">{bin_more}<entry producer="b"/></playlist>'
        f'<producer id="black_track"/><playlist id="l"><entry producer="p" in="{first}" '
        f'out="{first + 19}"/></playlist><tractor id="t"><track hide="audio" producer="l"/>'
        '</tractor><tractor id="main"><track producer="black_track"/><track producer="t"/>'
        "</tractor></mlt>"
    )
    path = folder / "cut.kdenlive"
    path.write_text(text, encoding="utf-8")
    return read_timeline(path)


def planned(made: ReadTimeline, facts: Facts) -> Plan:
    return plan_shots(made, probe_of(facts))


MOVIE = properties(mlt_service="avformat", resource="proxy/a.mkv")
ORIGINAL = properties(kdenlive__originalurl="media/a.mov")
PROXY, NO_PROXY = properties(kdenlive__proxy="proxy/a.mkv"), properties(kdenlive__proxy="-")
FAST = properties(
    mlt_service="timewarp",
    resource="2:proxy/a.mkv",
    warp_speed="2",
    warp_resource="proxy/a.mkv",
)


@pytest.mark.parametrize(
    ("clip", "in_bin", "url"),
    [
        (MOVIE + PROXY + ORIGINAL, "", "media/a.mov"),
        (MOVIE, PROXY + ORIGINAL, "media/a.mov"),
        (FAST, PROXY + ORIGINAL, "media/a.mov"),
        (MOVIE + NO_PROXY + ORIGINAL, "", "proxy/a.mkv"),  # switched off: the resource counts
        (MOVIE, "", "proxy/a.mkv"),
    ],
)
def test_the_original_is_planned_and_not_its_proxy(
    tmp_path: Path, clip: str, in_bin: str, url: str
) -> None:
    for name in ("media/a.mov", "proxy/a.mkv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (use,) = planned(read(tmp_path, clip, in_bin=in_bin), Facts(R25)).uses
    assert use.source == tmp_path / url


def test_a_clip_without_its_picture_is_disabled(tmp_path: Path) -> None:
    off = MOVIE + properties(**{"set.test_image": "1"})
    plan = planned(read(tmp_path, off), Facts(R25))
    assert (plan.uses, [s.reason for s in plan.skipped]) == ((), ["disabled"])
    on = MOVIE + properties(**{"set.test_image": "0", "set.test_audio": "1"})
    assert len(planned(read(tmp_path, on), Facts(R25)).uses) == 1


@pytest.mark.parametrize(
    ("resource", "hold", "first_number", "shown"),
    [
        ("im.%04d.png?begin=101", "1", 101, (10, 29)),
        ("im.%04d.png?begin=101", "1", 91, (20, 39)),  # ten files lie before the beginning
        ("im.%04d.png?begin:101", "", 101, (10, 29)),
        ("im.%04d.png", "1", 7, (10, 29)),
        # Five frames an image: frames 10 to 29 show images 2 to 5; one more where editors round.
        ("im.%04d.png?begin=101", "5", 101, (1, 6)),
    ],
)
def test_a_slideshow_of_numbered_images(
    tmp_path: Path, resource: str, hold: str, first_number: int, shown: tuple[int, int]
) -> None:
    made = read(tmp_path, properties(mlt_service="qimage", resource=resource, ttl=hold))
    (use,) = planned(made, Facts(R25, 100, 0, first_number, 0)).uses
    assert use.source == tmp_path / "im.%04d.png"
    assert (use.first, use.last) == shown
    assert use.rate == 25


def test_a_slideshow_of_a_folder_is_refused_by_its_reason(tmp_path: Path) -> None:
    folder = properties(mlt_service="qimage", resource="/show/.all.png", ttl="25")
    (refusal,) = planned(read(tmp_path, folder), Facts(R25)).refusals
    assert "all images of a folder" in refusal.reason
    assert "name.%04d.png" in refusal.remedy


def test_markers_of_the_bins_clip_ask_for_looks(tmp_path: Path) -> None:
    marks = [{"comment": "style: fire", "pos": 12, "type": 0}, {"comment": "cut here", "pos": 40}]
    in_bin = properties(kdenlive__markers=json.dumps(marks))
    made = read(tmp_path, MOVIE, in_bin=in_bin)
    plan = plan_shots(made, probe_of(Facts(R25)), look_of=looks_for([], None))
    assert [use.look for use in plan.uses] == [ClipLook.of_mix([("fire", 1.0)])]
    (clip,) = made.timeline.find_clips()
    assert [m.marked_range.start_time.value for m in clip.markers] == [12, 40]


def test_guides_are_no_clips_and_broken_markers_are_said(tmp_path: Path) -> None:
    guides = json.dumps([{"comment": "style: fire", "pos": 3, "type": 0}])
    more = properties(**{"kdenlive__docproperties.guides": guides})
    made = read(tmp_path, MOVIE, in_bin=properties(kdenlive__markers="[{"), bin_more=more)
    assert "is on the timeline" in markers_without_clip(made.timeline)[0]
    assert "its markers cannot be read" in made.warnings[0]


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ({"rotate": "90"}, ""),
        ({"rotate": "0", "meta.media.0.codec.rotate": "270"}, "turned by 0 degrees"),
        ({"autorotate": "0", "meta.media.0.codec.rotate": "270"}, "turned by 0 degrees"),
        ({"force_colorspace": "709"}, ""),
        ({"force_colorspace": "601"}, "of the colour space 601"),
        ({"color_range": "1"}, ""),
        ({"color_range": "2"}, "of full range"),
        ({"set.force_full_luma": "1"}, "of full range"),
        ({"color_range": "2", "meta.media.0.codec.pix_fmt": "yuvj420p"}, ""),
        ({"color_range": "1", "meta.media.0.codec.pix_fmt": "yuvj420p"}, "of limited range"),
    ],
)
def test_a_file_that_is_read_as_it_does_not_say_is_refused(
    tmp_path: Path, said: dict[str, str], read_as: str
) -> None:
    """Of these melt shows the picture turned, or its codes up to 41 of 255 off."""
    told = {"rotate": "0", "colorspace": "709", "pix_fmt": "yuv420p"}
    told = {f"meta.media.0.codec.{name}": value for name, value in told.items()} | said
    in_bin = {name: told.pop(name) for name in list(told) if name.startswith("meta")}
    clip = properties(mlt_service="avformat", resource="/m/a.mov", **told)
    plan = planned(read(tmp_path, clip, in_bin=properties(**in_bin)), Facts(R25, 100))
    assert [refusal.reason for refusal in plan.refusals] == [
        f"the project has its file read as {read_as}, whatever that says itself"
    ] * bool(read_as)
    assert all("the clip's properties" in refusal.remedy for refusal in plan.refusals)
