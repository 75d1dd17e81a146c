"""Markers that are keys, as each format has them: at frame 106 and 130 of a file that starts at
10:00:00:00, of which the cut shows 100 to 149. So the keys are at frames 6 and 30 of the clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.looks import ClipLook, looks_for
from nle_style.timeline.needs import Candidate
from nle_style.timeline.needs.candidates import survey
from tests.timeline.looks.asking import BLUE, FIRE, STYLES

RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
XMEML = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><sequence id="s"><name>cut</name><duration>50</duration>{RATE}<media><video>
<track><clipitem id="c"><name>a</name><duration>500</duration>{RATE}
<start>0</start><end>50</end><in>100</in><out>150</out>
<file id="f"><name>a.mov</name><pathurl>file:///media/a.mov</pathurl>{RATE}<duration>500</duration>
<timecode>{RATE}<string>10:00:00:00</string><frame>900000</frame>
<displayformat>NDF</displayformat></timecode><media><video/></media></file>
<marker><name>style key: blue</name><comment></comment><in>106</in><out>-1</out></marker>
<marker><name>x</name><comment>style key: fire</comment><in>130</in><out>-1</out></marker>
</clipitem></track></video></media></sequence></xmeml>"""
FCPXML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.9"><resources><format id="r1" frameDuration="1/25s" width="64" height="36"/>
<asset id="r2" name="a" start="36000s" duration="20s" hasVideo="1" format="r1">
<media-rep kind="original-media" src="file:///media/a.mov"/></asset></resources>
<library><event name="e"><project name="p"><sequence format="r1" duration="2s" tcStart="3600s">
<spine><asset-clip ref="r2" name="a" offset="3600s" start="36004s" duration="2s">
<marker start="900106/25s" duration="1/25s" value="style key: blue"/>
<marker start="900130/25s" duration="1/25s" value="x" note="style key: fire"/>
</asset-clip></spine></sequence></project></event></library></fcpxml>"""
EDL = """TITLE: cut
FCM: NON-DROP FRAME
001  A        V     C        10:00:04:00 10:00:06:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: a.mov
* LOC: 01:00:00:06 RED     STYLE KEY: BLUE
* LOC: 01:00:01:05 RED     STYLE KEY: FIRE
"""


@pytest.mark.parametrize(
    ("name", "text"), [("cut.xml", XMEML), ("cut.fcpxml", FCPXML), ("cut.edl", EDL)]
)
def test_markers_of(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    read = read_timeline(tmp_path / name, rate=Fraction(25))
    (candidate,) = (each for each in survey(read.timeline) if isinstance(each, Candidate))
    look = looks_for((), None, styles=STYLES, rate=Fraction(25))(candidate)
    assert look == ClipLook(style_keys=((6, BLUE.styles), (30, FIRE.styles)))
