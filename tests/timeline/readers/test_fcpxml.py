from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.readers.fcpxml import document as fcpxml
from nle_style.timeline.readers.fcpxml.resources import seconds

RESOURCES = """
<format id="f24" frameDuration="100/2400s"/><format id="f2398" frameDuration="1001/24000s"/>
<format id="f25" frameDuration="1/25s"/><format id="f30" frameDuration="1/30s"/>
<asset id="a" name="A" start="3600s" duration="100s" hasVideo="1" format="f24">
  <media-rep kind="proxy-media" src="file:///m/proxy.mov"/>
  <media-rep kind="original-media" src="file:///m/a.mov"/></asset>
<asset id="n" name="N" start="0s" duration="1001/10s" hasVideo="1" format="f2398" src="file:///m/n.mov"/>
<asset id="p" name="P" start="0s" duration="40s" hasVideo="1" format="f25" src="file:///m/p.mov"/>
<asset id="s" name="S" start="0s" duration="40s" hasAudio="1" src="file:///m/s.wav"/>
<effect id="t" name="Title"/>
"""


def project(spine: str, name: str = "cut", attributes: str = 'format="f24"') -> str:
    return (
        f'<project name="{name}"><sequence {attributes}><spine>{spine}</spine></sequence></project>'
    )


def read(folder: Path, body: str, more: str = "", head: str = "<!DOCTYPE fcpxml>") -> ReadTimeline:
    path = folder / "cut.fcpxml"
    text = f'{head}<fcpxml version="1.11"><resources>{RESOURCES}{more}</resources>{body}</fcpxml>'
    path.write_text(text, encoding="utf-8")
    return read_timeline(path)


def asset_clip(
    ref: str, offset: str, start: str, duration: str, inside: str = "", **more: str
) -> str:
    extra = "".join(f' {k}="{v}"' for k, v in more.items())
    return (
        f'<asset-clip ref="{ref}" name="{ref}" offset="{offset}" start="{start}" '
        f'duration="{duration}"{extra}>{inside}</asset-clip>'
    )


def frames(time_range: otio.opentime.TimeRange) -> tuple[float, float]:
    return time_range.start_time.value, time_range.duration.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1001/30000s", Fraction(1001, 30000)),
        ("5s", Fraction(5)),
        ("-3/2s", Fraction(-3, 2)),
        ("1.5s", Fraction(3, 2)),
    ],
)
def test_times(text: str, value: Fraction) -> None:
    assert seconds(text) == value


def test_a_clip_its_asset_and_its_exact_rate(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        project(asset_clip("n", "0s", "1001/1000s", "1001/500s"), attributes='format="f2398"'),
    )
    (clip,) = made.timeline.find_clips()
    assert frames(clip.source_range) == (24, 48)
    assert clip.source_range.start_time.rate == 24000 / 1001
    assert frames(clip.media_reference.available_range) == (0, 2400)
    assert clip.media_reference.target_url == "file:///m/n.mov"
    assert dict(clip.metadata["nle_style_source"]) == {
        "element": "asset-clip",
        "line": clip.metadata["nle_style_source"]["line"],
        "place": made.path.read_bytes().index(b"<asset-clip"),
        "asset": "n",
    }


def test_the_original_media_rep_is_taken_and_start_defaults_to_the_assets(tmp_path: Path) -> None:
    made = read(tmp_path, project('<asset-clip ref="a" offset="0s" duration="2s"/>'))
    (clip,) = made.timeline.find_clips()
    assert clip.media_reference.target_url == "file:///m/a.mov"
    assert frames(clip.source_range) == (86400, 48)


def test_gaps_lanes_titles_and_sound(tmp_path: Path) -> None:
    """The connected clip hangs at 3601 s of a clip that starts at 3600 s: one second in."""
    connected = asset_clip("p", "3601s", "2s", "1s", lane="1") + asset_clip(
        "s", "3600s", "0s", "2s", lane="-1"
    )
    made = read(
        tmp_path,
        project(
            asset_clip("a", "10s", "3600s", "2s", connected)
            + '<gap offset="12s" start="3600s" duration="3s"><title ref="t" name="T" lane="2" '
            'offset="3601s" duration="1s"/></gap>' + asset_clip("a", "15s", "3650s", "1s"),
            attributes='format="f24" tcStart="10s"',
        ),
    )
    below, upper, top = made.timeline.tracks
    assert [(type(c).__name__, *frames(c.trimmed_range())) for c in below] == [
        ("Clip", 86400, 48),
        ("Gap", 0, 72),
        ("Clip", 87600, 24),
    ]
    assert [(type(c).__name__, *frames(c.trimmed_range())) for c in upper] == [
        ("Gap", 0, 24),
        ("Clip", 50, 24),
    ]
    assert [frames(c.trimmed_range()) for c in top] == [(0, 72), (0, 24)]
    assert isinstance(top[1].media_reference, otio.schema.GeneratorReference)
    assert made.timeline.global_start_time.value == 240


def test_a_secondary_storyline_and_its_transition(tmp_path: Path) -> None:
    spine = (
        '<spine lane="1" offset="3601s">'
        + asset_clip("a", "0s", "3610s", "2s")
        + '<transition name="X" offset="3/2s" duration="1s"/>'
        + asset_clip("a", "2s", "3620s", "2s")
        + "</spine>"
    )
    made = read(tmp_path, project(asset_clip("a", "0s", "3600s", "8s", spine)))
    upper = made.timeline.tracks[1]
    assert [type(c).__name__ for c in upper] == ["Gap", "Clip", "Transition", "Clip"]
    assert (upper[2].in_offset.value, upper[2].out_offset.value) == (12, 12)
    assert upper.range_of_child(upper[3]).start_time.value == 24 + 48


def timemap(*points: tuple[str, str]) -> str:
    inside = "".join(f'<timept time="{t}" value="{v}" interp="smooth2"/>' for t, v in points)
    return f"<timeMap>{inside}</timeMap>"


@pytest.mark.parametrize(
    ("points", "start", "first", "scalar"),
    [
        # Twice as fast: local second 5 is media second 10, frame 250.
        ([("0s", "0s"), ("20s", "40s")], "5s", 250, 2.0),
        # Backwards at normal speed: 5 s to 7 s of the clip are media 35 s down to 33 s.
        ([("0s", "40s"), ("40s", "0s")], "5s", 33 * 25, -1.0),
        ([("0s", "0s"), ("20s", "10s"), ("40s", "20s")], "4s", 50, 0.5),
    ],
)
def test_time_maps(
    points: list[tuple[str, str]], start: str, first: int, scalar: float, tmp_path: Path
) -> None:
    made = read(tmp_path, project(asset_clip("p", "0s", start, "2s", timemap(*points))))
    (clip,) = made.timeline.find_clips()
    assert [(type(e), e.time_scalar) for e in clip.effects] == [
        (otio.schema.LinearTimeWarp, scalar)
    ]
    assert frames(clip.source_range) == (first, 48)


def test_a_freeze_and_a_speed_that_changes(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        project(
            asset_clip("p", "0s", "0s", "2s", timemap(("0s", "4s"), ("2s", "4s")))
            + asset_clip("p", "2s", "0s", "2s", timemap(("0s", "0s"), ("1s", "1s"), ("2s", "5s")))
        ),
    )
    freeze, changing = made.timeline.find_clips()
    assert isinstance(freeze.effects[0], otio.schema.FreezeFrame)
    assert freeze.source_range.start_time.value == 100
    assert type(changing.effects[0]) is otio.schema.TimeEffect
    assert "changes its speed" in made.warnings[0]


@pytest.mark.parametrize(
    ("ref", "conform", "scalar"),
    [
        ("p", 'srcFrameRate="25"', 24 / 25),
        ("n", 'srcFrameRate="23.98"', 1.001),
        ("n", 'srcFrameRate="23.98" scaleEnabled="0"', None),
    ],
)
def test_conformed_rates(ref: str, conform: str, scalar: float | None, tmp_path: Path) -> None:
    inside = f"<conform-rate {conform}/>"
    made = read(tmp_path, project(asset_clip(ref, "0s", "0s", "2s", inside)))
    (clip,) = made.timeline.find_clips()
    assert [e.time_scalar for e in clip.effects] == ([scalar] if scalar else [])


def test_what_hangs_on_a_conformed_clip_hangs_at_its_frame(tmp_path: Path) -> None:
    """240 frames of 23.976 into the clip are 10.01 s of its time and frame 240 of the edit."""
    connected = asset_clip("p", "1001/50s", "0s", "1s", lane="1")
    inside = f'<conform-rate srcFrameRate="23.98"/>{connected}'
    made = read(tmp_path, project(asset_clip("n", "0s", "1001/100s", "20s", inside)))
    assert frames(made.timeline.tracks[1][0].source_range) == (0, 240)


COMPOUND = (
    '<media id="m" name="C"><sequence format="f24" tcStart="1s"><spine>'
    + asset_clip("a", "1s", "3600s", "4s")
    + asset_clip("p", "5s", "0s", "4s")
    + "</spine></sequence></media>"
)


def test_compound_clips_auditions_and_sync_clips(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        project(
            '<ref-clip ref="m" name="C" offset="0s" start="2s" duration="2s"/>'
            '<audition offset="2s">'
            + asset_clip("a", "2s", "3601s", "1s")
            + asset_clip("p", "2s", "0s", "9s")
            + '</audition><sync-clip name="Y" offset="3s" start="3602s" duration="1s">'
            + asset_clip("a", "3600s", "3600s", "10s")
            + "</sync-clip>"
        ),
        COMPOUND,
    )
    nest, pick, sync = made.timeline.tracks[0]
    # The compound's time starts at 1 s, and the clip at 2 s of it.
    assert frames(nest.source_range) == (24, 48)
    assert [frames(c.source_range) for c in nest.find_clips()] == [(86400, 96), (0, 96)]
    assert frames(pick.source_range) == (86424, 24)
    assert frames(sync.source_range) == (48, 24)


def test_a_multicam_shows_its_active_angle(tmp_path: Path) -> None:
    multicam = (
        '<media id="mc"><multicam format="f24" tcStart="0s">'
        f'<mc-angle name="1" angleID="one">{asset_clip("a", "0s", "3600s", "9s")}</mc-angle>'
        f'<mc-angle name="2" angleID="two">{asset_clip("p", "0s", "0s", "9s")}</mc-angle>'
        "</multicam></media>"
    )
    clip = (
        '<mc-clip ref="mc" name="M" offset="0s" start="3s" duration="2s">'
        '<mc-source angleID="one" srcEnable="audio"/><mc-source angleID="two" srcEnable="video"/>'
        "</mc-clip>"
    )
    (nest,) = read(tmp_path, project(clip), multicam).timeline.tracks[0]
    assert [c.name for c in nest.find_clips()] == ["p"]
    assert frames(nest.source_range) == (72, 48)


def test_markers_and_disabled_clips(tmp_path: Path) -> None:
    inside = '<marker start="3601s" duration="1/24s" value="style: fire" note="n"/>'
    made = read(tmp_path, project(asset_clip("a", "0s", "3600s", "2s", inside, enabled="0")))
    (clip,) = made.timeline.find_clips()
    assert not clip.enabled
    assert [m.name for m in clip.markers] == ["style: fire"]
    assert frames(clip.markers[0].marked_range) == (86424, 1)


def test_a_bundle_holds_the_document(tmp_path: Path) -> None:
    bundle = tmp_path / "cut.fcpxmld"
    bundle.mkdir()
    read(bundle, project(asset_clip("a", "0s", "3600s", "2s")))
    (bundle / "cut.fcpxml").rename(bundle / "Info.fcpxml")
    made = read_timeline(bundle)
    assert made.timeline.name == "cut"
    assert made.path == bundle


def refused(folder: Path, body: str, more: str = "", **head: str) -> TimelineError:
    with pytest.raises(TimelineError) as caught:
        read(folder, body, more, **head)
    assert caught.value.where.endswith("cut.fcpxml")
    assert caught.value.remedy
    return caught.value


def test_what_is_refused(tmp_path: Path) -> None:
    one = project(asset_clip("a", "0s", "3600s", "2s"), "one")
    two = project(asset_clip("a", "0s", "3600s", "2s"), "two")
    assert "'one', 'two'" in refused(tmp_path, one + two).what
    assert read(tmp_path, one + project("", "empty")).timeline.name == "one"
    assert refused(tmp_path, project("")).what == "timeline has no clips"
    sound = project(asset_clip("s", "0s", "0s", "2s"))
    assert refused(tmp_path, sound).what == "timeline has no clips"
    assert "no project, but 'a'" in refused(tmp_path, asset_clip("a", "0s", "0s", "2s")).what
    assert "no project, but nothing" in refused(tmp_path, "").what
    bad = project(asset_clip("a", "0s", "soon", "2s"))
    assert "line" in refused(tmp_path, bad).what
    bomb = refused(tmp_path, one, head='<!DOCTYPE fcpxml [<!ENTITY a "aaaa">]>')
    assert "DOCTYPE declares" in bomb.what


def test_a_compound_clip_in_itself_and_one_that_multiplies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def media(name: str, spine: str) -> str:
        return (
            f'<media id="{name}"><sequence format="f24"><spine>{spine}</spine></sequence></media>'
        )

    def use(name: str) -> str:
        return f'<ref-clip ref="{name}" duration="1s"/>'

    assert "in themselves" in refused(tmp_path, project(use("x")), media("x", use("x"))).what
    # 20 to the 8th clips; the real limit would take seconds to reach.
    monkeypatch.setattr(fcpxml, "_MOST_ITEMS", 500)
    steps = [media(f"x{n}", use(f"x{n + 1}") * 20) for n in range(8)]
    steps.append(media("x8", asset_clip("a", "0s", "3600s", "1s")))
    assert "more than" in refused(tmp_path, project(use("x0")), "".join(steps)).what
