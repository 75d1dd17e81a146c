"""The contract of all readers: a picture that cannot be read is refused by its name, exit 3.

Every file holds a clip "good" and one picture, "lost", that its reader cannot make anything of.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.render.cut.clip_table import clip_ends, clips_exit_code
from nle_style.render.outcomes import Outcome
from nle_style.timeline import SUPPORTED, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, clip, probe_of, timeline, track

R25 = Fraction(25)
RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
FILE = f'<file id="f"><name>f</name><pathurl>file:///m/good.mov</pathurl>{RATE}</file>'


def _item(name: str, inside: str, tag: str = "clipitem", start: int = 10) -> str:
    return (
        f'<{tag} id="{name}"><name>{name}</name><duration>40</duration>{RATE}<start>{start}</start>'
        f"<end>{start + 10}</end><in>0</in><out>10</out>{inside}</{tag}>"
    )


def _fcp7(lost: str) -> str:
    return (
        f'<xmeml version="5"><sequence id="s"><name>s</name><duration>40</duration>{RATE}<media>'
        f"<video><track>{_item('good', FILE, start=0)}{lost}</track></video></media></sequence>"
        "</xmeml>"
    )


def _fcpxml(lost: str, resources: str = "") -> str:
    return (
        '<fcpxml version="1.11"><resources><format id="r" frameDuration="1/25s"/>'
        '<asset id="a" start="0s" duration="40/25s" format="r" hasVideo="1">'
        f'<media-rep kind="original-media" src="file:///m/good.mov"/></asset>{resources}'
        '</resources><project name="p"><sequence format="r" duration="30/25s" tcStart="0s"><spine>'
        f'<asset-clip name="good" ref="a" offset="0s" duration="10/25s"/>{lost}'
        "</spine></sequence></project></fcpxml>"
    )


ANGLE = '<mc-angle angleID="b"><asset-clip ref="a" offset="0s" duration="40/25s"/></mc-angle>'
MULTICAM = f'<media id="m"><multicam format="r">{ANGLE}</multicam></media>'
PLACE = 'name="lost" offset="10/25s" duration="10/25s"'


def _mlt(lost: str, more: str = "") -> str:
    good = (
        '<property name="mlt_service">avformat</property><property name="length">40</property>'
        '<property name="kdenlive:clipname">good</property>'
        '<property name="resource">/m/good.mov</property>'
    )
    return (
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/>'
        f'<producer id="a" in="0" out="39">{good}</producer>{more}<playlist id="p">'
        f'<entry producer="a" in="0" out="9"/>{lost}</playlist>'
        '<tractor id="t"><track producer="p"/></tractor></mlt>'
    )


def _edl(lost: str) -> str:
    return (
        "TITLE: cut\nFCM: NON-DROP FRAME\n"
        "001  AX V C 00:00:00:00 00:00:00:10 00:00:00:00 00:00:00:10\n* FROM CLIP NAME: good\n"
        f"{lost}\n* FROM CLIP NAME: lost\n"
    )


def _without_media() -> otio.schema.Timeline:
    good = clip("good", (0, 10), (0, 40), url="/m/good.mov", rate=25)
    missing = otio.schema.MissingReference(available_range=good.media_reference.available_range)
    return timeline(track(good, otio.schema.Clip("lost", missing, good.source_range)))


PRODUCER = '<producer id="b"><property name="kdenlive:clipname">lost</property>{}</producer>'
SERVICE = '<property name="mlt_service">{}</property><property name="resource">x</property>'
LOST: dict[str, str | otio.schema.Timeline] = {
    "no file.xml": _fcp7(_item("lost", "")),
    "no path.xml": _fcp7(_item("lost", '<file id="g"><name>slug</name></file>')),
    "no effect.xml": _fcp7(_item("lost", "<effect><name>Text</name></effect>", "generatoritem")),
    "no such item.xml": _fcp7(_item("lost", "", "newitem")),
    "no such nest.xml": _fcp7(_item("lost", '<sequence id="nowhere"/>')),
    "no such asset.fcpxml": _fcpxml(f'<asset-clip {PLACE} ref="nowhere"/>'),
    "no such media.fcpxml": _fcpxml(f'<ref-clip {PLACE} ref="nowhere"/>'),
    "empty media.fcpxml": _fcpxml(f'<ref-clip {PLACE} ref="m"/>', '<media id="m"/>'),
    "no such angle.fcpxml": _fcpxml(
        f'<mc-clip {PLACE} ref="m"><mc-source angleID="nowhere"/></mc-clip>', MULTICAM
    ),
    "no angle.fcpxml": _fcpxml(f'<mc-clip {PLACE} ref="m"/>', MULTICAM),
    "drawing.fcpxml": _fcpxml(f"<live-drawing {PLACE}/>"),
    "drawing in a clip.fcpxml": _fcpxml(
        f'<clip {PLACE}><live-drawing name="lost" offset="0s" duration="10/25s"/></clip>'
    ),
    "no such item.fcpxml": _fcpxml(f"<hologram {PLACE}/>"),
    "service.kdenlive": _mlt(
        '<entry producer="b" in="0" out="9"/>', PRODUCER.format(SERVICE.format("xml"))
    ),
    "no resource.mlt": _mlt(
        '<entry producer="b" in="0" out="9"/>',
        PRODUCER.format('<property name="mlt_service">avformat</property>'),
    ),
    "no such producer.mlt": _mlt('<entry producer="lost" in="0" out="9"/>'),
    "no such track.mlt": _mlt("").replace(
        '<track producer="p"/>', '<track producer="p"/><track producer="lost"/>'
    ),
    "backwards.edl": _edl("002  BX V C 00:00:00:10 00:00:00:00 00:00:00:10 00:00:00:20"),
    "unreadable.edl": _edl("002  lost V C 00:00:00:1o 00:00:00:20 00:00:00:10 00:00:00:20"),
    "no number.edl": _edl("lost  BX V C 00:00:00:10 00:00:00:20 00:00:00:10 00:00:00:20"),
    "no media.otio": _without_media(),
    "no media.aaf": _without_media(),
}


def _plan(name: str, cut: str | otio.schema.Timeline, folder: Path) -> Plan:
    path = folder / name
    if isinstance(cut, str):
        path.write_text(cut, encoding="utf-8")
    else:
        options = {"use_empty_mob_ids": True} if path.suffix == ".aaf" else {}
        otio.adapters.write_to_file(cut, str(path), **options)
    return plan_shots(read_timeline(path, rate=R25), probe_of(Facts(R25, 40)))


@pytest.mark.parametrize("name", LOST)
def test_a_picture_that_cannot_be_read_is_refused_by_name(name: str, tmp_path: Path) -> None:
    plan = _plan(name, LOST[name], tmp_path)
    assert [use.clip_name.removesuffix(".mov") for use in plan.uses] == ["good"]
    (refusal,) = plan.refusals
    # An event of an EDL that cannot be read has no name but its line.
    assert refusal.clip_name == (
        "line 5" if name in ("unreadable.edl", "no number.edl") else "lost"
    )
    assert refusal.reason
    assert refusal.remedy
    ends = clip_ends(plan, [(Outcome.delivered, None)] * len(plan.ranges))
    assert clips_exit_code(ends) == 3


def test_every_reader_is_held_to_it() -> None:
    """Bundles are read by the reader of what lies in them."""
    held = {Path(name).suffix for name in LOST}
    assert held == {*SUPPORTED} - {".otioz", ".otiod", ".fcpxmld"}
