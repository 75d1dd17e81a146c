"""Cuts of 180 clips, as Premiere and Final Cut write them: titles, speeds, keyframes, sound."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

CLIPS = 180
MEDIA = 30

_RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
_KEYFRAMES = """
        <filter><effect>
          <name>Basic Motion</name><effectid>basic</effectid><effecttype>motion</effecttype>
          <parameter><parameterid>scale</parameterid><name>Scale</name>
            <keyframe><when>{first}</when><value>100</value></keyframe>
            <keyframe><when>{last}</when><value>137.5</value></keyframe>
          </parameter>
        </effect></filter>"""
_SPEED = """
        <filter><effect>
          <name>Time Remap</name><effectid>timeremap</effectid><effecttype>motion</effecttype>
          <parameter><parameterid>speed</parameterid><name>speed</name><value>{speed}</value>
          </parameter>
        </effect></filter>"""
_TITLE = """
      <generatoritem id="title-{n}">
        <name>Title &quot;{n}&quot; &amp; more</name><start>{start}</start><end>{end}</end>
        <in>0</in><out>10</out>
        <effect><name>Text</name><effectid>Text</effectid><effecttype>generator</effecttype>
          <parameter><parameterid>str</parameterid><value>file:///not/a/path.mov</value></parameter>
        </effect>
      </generatoritem>"""
_FILE = """<file id="file-{m}">
          <name>rush {m:02}.mov</name>
          <pathurl>file://localhost/media/{folder}/rush%20{m:02}.mov</pathurl>
          <rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>
          <duration>5000</duration>
          <timecode><string>01:00:00:00</string><frame>90000</frame></timecode>
          <media><video><duration>5000</duration></video>
            <audio><channelcount>2</channelcount></audio></media>
        </file>"""
_CLIP = """
      <clipitem id="clipitem-{n}">
        <masterclipid>masterclip-{m}</masterclipid>
        <name>rush {m:02}.mov</name><duration>5000</duration>
        <start>{start}</start><end>{end}</end><in>{first}</in><out>{last}</out>
        {file}{filters}
        <link><linkclipref>sound-{n}</linkclipref><mediatype>audio</mediatype></link>
      </clipitem>"""
_SOUND = """
      <clipitem id="sound-{n}">
        <masterclipid>masterclip-{m}</masterclipid>
        <name>rush {m:02}.mov</name>
        <start>{start}</start><end>{end}</end><in>{first}</in><out>{last}</out>
        <file id="file-{m}"/>
      </clipitem>"""


def fcp7_cut(clips: int = CLIPS, media: int = MEDIA, folder: str = "day one") -> str:
    """A sequence whose clips take `media` files in turn; a title after every sixth clip."""
    video, audio = [], []
    for n in range(clips):
        m, start = n % media, 50 * n
        place = {"n": n, "m": m, "start": start, "end": start + 40}
        place |= {"first": 7 * n, "last": 7 * n + 40}
        file = _FILE.format(m=m, folder=quote(folder)) if n < media else f'<file id="file-{m}"/>'
        filters = _KEYFRAMES.format(**place) if n % 4 == 0 else ""
        filters += _SPEED.format(speed=(50, 200, -100)[n % 3]) if n % 5 == 0 else ""
        video.append(_CLIP.format(**place, file=file, filters=filters))
        audio.append(_SOUND.format(**place))
        if n % 6 == 5:
            video.append(_TITLE.format(n=n, start=start + 40, end=start + 50))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n<xmeml version="5">\n'
        f'  <!-- exported & kept -->\n  <sequence id="sequence-1"><name>cut</name>{_RATE}\n'
        f"    <media><video><track>{''.join(video)}\n    </track></video>\n"
        f"    <audio><track>{''.join(audio)}\n    </track></audio></media>\n"
        "  </sequence>\n</xmeml>\n"
    )


def element(data: bytes) -> ElementTree.Element:
    """The root, by Python's own reader of XML, which knows nothing of the patcher."""
    return ElementTree.fromstring(data)  # noqa: S314  (made or checked by the test)


def place_of(text: str, part: str) -> int:
    """The byte at which the tag begins that holds a part of it, in UTF-8."""
    return len(text[: text.rindex("<", 0, text.index(part) + 1)].encode())


def rush(number: int, folder: str = "day one") -> str:
    """The absolute path of a cut's media."""
    return f"/media/{folder}/rush {number:02}.mov"


_ASSET = """
    <asset id="r{r}" name="rush {m:02}" uid="{uid}" start="3600s" duration="200s" \
hasVideo="1" format="r1" hasAudio="1" audioSources="1" audioChannels="2">
      <media-rep kind="original-media" sig="{uid}" src="{src}">
        <bookmark>Ym9va4wEAAAAAAQQMAAAA{m}==</bookmark>
      </media-rep>
      <metadata><md key="com.apple.proapps.studio.reel" value="A{m:03}"/></metadata>
    </asset>"""
_OLD_ASSET = """
    <asset id="r{r}" name="rush {m:02}" src="{src}" uid="{uid}" start="3600s" duration="200s" \
hasVideo="1" format="r1" hasAudio="1"/>"""
_MAP = """
          <timeMap><timept time="0s" value="0s" interp="smooth2"/>
            <timept time="100s" value="{value}s" interp="smooth2"/></timeMap>"""
_MOVE = """
          <adjust-transform><param name="scale"><keyframeAnimation>
            <keyframe time="{n}/25s" value="1 1"/><keyframe time="{n}/5s" value="2 2"/>
          </keyframeAnimation></param></adjust-transform>"""
_OVER = """
          <title ref="r2" lane="1" offset="{n}s" duration="1s" name="T {n}"><text>file:///x</text>
          </title>"""


def fcpxml_cut(
    clips: int = CLIPS, media: int = MEDIA, folder: str = "day one", version: str = "1.11"
) -> str:
    """A project whose clips take `media` assets in turn; version 1.8 has no media-rep."""
    asset = _OLD_ASSET if version == "1.8" else _ASSET
    assets = [
        asset.format(r=10 + m, m=m, uid=f"{m:032X}", src=escape(f"file://{quote(rush(m, folder))}"))
        for m in range(media)
    ]
    spine = []
    for n in range(clips):
        inside = _MAP.format(value=(50, 200)[n % 2]) if n % 5 == 0 else ""
        inside += _MOVE.format(n=n) if n % 4 == 0 else ""
        inside += _OVER.format(n=n) if n % 6 == 5 else ""
        spine.append(
            f'\n        <asset-clip ref="r{10 + n % media}" offset="{2 * n}s" name="clip {n}" '
            f'start="{3600 + n}s" duration="2s" format="r1">{inside}\n        </asset-clip>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n'
        f'<fcpxml version="{version}">\n  <resources>\n'
        '    <format id="r1" name="FFVideoFormat1080p25" frameDuration="100/2500s"/>\n'
        '    <effect id="r2" name="Basic Title" uid=".../Titles.localized/Basic.moti"/>'
        f"{''.join(assets)}\n  </resources>\n"
        '  <library location="file:///Users/u/Movies/L.fcpbundle/"><event name="e">\n'
        f'    <project name="cut"><sequence format="r1"><spine>{"".join(spine)}\n'
        "    </spine></sequence></project>\n  </event></library>\n</fcpxml>\n"
    )
