"""Which frames the clips of an FCPXML show where their own time is not that of their asset.

The frames were counted by hand from Apple's definitions: `offset` is in the time of what holds an
element, `start` and a timeMap's `time` in the element's own, a timeMap's `value` in that before the
retime. Retimed clips have a frame more on each side.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import plan_shots
from nle_style.timeline.readers.fcpxml.resources import Resources
from tests.timeline.building import Facts, probe_of

RESOURCES = """<format id="r" frameDuration="1/24s"/>
<asset id="a" start="3600s" duration="100/24s" hasVideo="1" format="r" src="file:///m/a.mov"/>
<asset id="b" duration="100/24s" hasVideo="1" format="r" src="file:///m/b.mov"/>
<asset id="s" duration="100/24s" hasAudio="1" src="file:///m/s.wav"/>"""
TWICE = '<timeMap><timept time="0s" value="{}"/><timept time="50/24s" value="{}"/></timeMap>'
FROM_AN_HOUR, FROM_ZERO = TWICE.format("3600s", "86500/24s"), TWICE.format("0s", "100/24s")


def shown(folder: Path, spine: str, media: str = "") -> list[tuple[str, int, int]]:
    """The clips' sources and frames; nothing is refused, and nothing left out."""
    path = folder / "cut.fcpxml"
    path.write_text(
        f'<fcpxml version="1.10"><resources>{RESOURCES}{media}</resources><project name="p">'
        f'<sequence format="r" tcStart="0s"><spine>{spine}</spine></sequence></project></fcpxml>',
        encoding="utf-8",
    )
    plan = plan_shots(read_timeline(path), probe_of(a=Facts(start_frame=86400), b=Facts()))
    assert not plan.refusals
    assert {each.reason for each in plan.skipped} <= {"gap"}
    return [(use.source.stem, use.first, use.last) for use in plan.uses]


@pytest.mark.parametrize(
    ("spine", "frames"),
    [
        # Without a start the clip begins where its map does, and not in its asset's timecode.
        (f'<asset-clip ref="a" duration="20/24s">{FROM_AN_HOUR}</asset-clip>', ("a", 0, 39)),
        # The picture's first frame is its frame 20: 10 at double speed is 20 + 20.
        (
            f'<clip start="10/24s" duration="20/24s">{FROM_ZERO}'
            '<video ref="b" offset="0s" start="20/24s" duration="80/24s"/></clip>',
            ("b", 39, 79),
        ),
        # The speed is the picture's own: from 10 in the clip on, it shows 20, 22, ... 58.
        (
            '<clip start="10/24s" duration="20/24s">'
            f'<video ref="b" offset="0s" duration="50/24s">{FROM_ZERO}</video></clip>',
            ("b", 19, 59),
        ),
    ],
)
def test_speeds(tmp_path: Path, spine: str, frames: tuple[str, int, int]) -> None:
    assert shown(tmp_path, spine) == [frames]


@pytest.mark.parametrize(
    "connected",
    [
        '<video lane="1" ref="b" offset="86412/24s" duration="6/24s"/>',
        '<spine lane="1" offset="86412/24s"><asset-clip ref="b" duration="6/24s"/></spine>',
        '<audio lane="-1" ref="s" offset="3600s" duration="90/24s"><video lane="2" ref="b" '
        'offset="12/24s" duration="6/24s"/></audio>',
    ],
)
def test_what_is_connected_within_an_opened_clip_is_seen(tmp_path: Path, connected: str) -> None:
    """From its frame 10 on, which is that of its picture; b begins two frames later."""
    video = f'<video ref="a" offset="3600s" duration="90/24s">{connected}</video>'
    spine = f'<clip start="86410/24s" duration="20/24s">{video}</clip>'
    assert sorted(shown(tmp_path, spine)) == [("a", 10, 29), ("b", 0, 5)]


@pytest.mark.parametrize(
    ("conform", "length", "refused"),
    [
        ('srcFrameRate="25"', 20, False),
        ('srcFrameRate="25"', 40, True),
        ('srcFrameRate="25" scaleEnabled="0"', 40, False),
        ('srcFrameRate="23.98"', 40, False),
    ],
)
def test_a_speed_on_a_conformed_rate_is_refused_where_their_order_tells(
    tmp_path: Path, conform: str, length: int, refused: bool
) -> None:
    """At 24/25 of the rate one frame is lost after 25."""
    path = tmp_path / "cut.fcpxml"
    clip = (
        f'<asset-clip ref="b" start="0s" duration="{length}/24s"><conform-rate {conform}/>'
        f"{FROM_ZERO}</asset-clip>"
    )
    path.write_text(
        f'<fcpxml version="1.10"><resources>{RESOURCES}</resources><project name="p">'
        f'<sequence format="r"><spine>{clip}</spine></sequence></project></fcpxml>',
        encoding="utf-8",
    )
    plan = plan_shots(read_timeline(path), probe_of(Facts()))
    assert len(plan.refusals) == refused
    assert all("conform-rate" in refusal.reason for refusal in plan.refusals)


@pytest.mark.parametrize("offset", ["0s", "3600s"])
def test_an_angle_counts_from_its_start_or_in_its_timecode(tmp_path: Path, offset: str) -> None:
    angle = (
        f'<mc-angle angleID="A"><gap offset="{offset}" duration="10/24s"/>'
        '<asset-clip ref="a" start="86405/24s" duration="60/24s"/></mc-angle>'
    )
    media = f'<media id="m"><multicam format="r" tcStart="3600s">{angle}</multicam></media>'
    clip = '<mc-clip ref="m" start="86420/24s" duration="20/24s"><mc-source angleID="A"/></mc-clip>'
    assert shown(tmp_path, clip, media) == [("a", 15, 34)]


def test_a_multicam_clip_without_a_start_begins_with_its_angles(tmp_path: Path) -> None:
    angle = (
        '<mc-angle angleID="A"><asset-clip ref="b" offset="3600s" duration="60/24s"/></mc-angle>'
    )
    media = f'<media id="m"><multicam format="r" tcStart="3600s">{angle}</multicam></media>'
    clip = '<mc-clip ref="m" duration="20/24s"><mc-source angleID="A"/></mc-clip>'
    assert shown(tmp_path, clip, media) == [("b", 0, 19)]


def test_an_asset_with_sound_has_a_picture_if_its_format_has_a_rate(tmp_path: Path) -> None:
    sound = 'start="0s" duration="100/24s" hasAudio="1"'
    media = f'<asset id="v" {sound} format="r" src="file:///m/b.mov"/>'
    spine = (
        '<asset-clip ref="v" start="10/24s" duration="5/24s"/>'
        '<asset-clip ref="s" duration="5/24s"/>'
    )
    assert shown(tmp_path, spine, media) == [("b", 10, 14)]


def test_a_picture_that_hangs_on_a_clips_sound_is_read(tmp_path: Path) -> None:
    sound = (
        '<clip start="10/24s" duration="20/24s"><audio ref="s" offset="0s" duration="90/24s">'
        '<video ref="b" lane="1" offset="15/24s" start="40/24s" duration="5/24s"/></audio></clip>'
    )
    plain = '<asset-clip ref="a" start="3601s" duration="5/24s"/>'
    assert shown(tmp_path, sound + plain) == [("b", 40, 44), ("a", 24, 28)]
    # Sound alone, in the storyline itself too, takes its time and is no picture.
    alone = '<audio ref="s" duration="10/24s"/>'
    assert shown(tmp_path, alone + plain) == [("a", 24, 28)]


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("FFVideoFormat1080p25", Fraction(25)),
        ("FFVideoFormat3840x2160p2398", Fraction(24000, 1001)),
        ("FFVideoFormat720p5994", Fraction(60000, 1001)),
        ("FFVideoFormat1080i5994", Fraction(30000, 1001)),
        ("FFVideoFormatDV720x576i50_16x9", Fraction(25)),
        ("FFVideoFormatRateUndefined", None),
    ],
)
def test_a_format_of_apples_is_known_by_its_name(name: str, rate: Fraction | None) -> None:
    """Its frameDuration is optional; in an export of Final Cut DV720x576i50 has 200/5000s."""
    root = ElementTree.Element("fcpxml")
    resources = ElementTree.SubElement(root, "resources")
    ElementTree.SubElement(resources, "format", {"id": "r", "name": name})
    assert Resources.of(root).rate("r") == rate
