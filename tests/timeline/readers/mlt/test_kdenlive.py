from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline


def producer(name: str, service: str, resource: str, **more: str) -> str:
    properties = {"mlt_service": service, "resource": resource, "length": "1000", **more}
    inside = "".join(f'<property name="{k}">{v}</property>' for k, v in properties.items())
    return f'<producer id="{name}" in="0" out="999">{inside}</producer>'


MEDIA = (
    producer("a", "avformat-novalidate", "/m/a.mov")
    + producer("c", "color", "0xff0000ff")
    + producer("fast", "timewarp", "2:/m/a.mov", warp_speed="2", warp_resource="/m/a.mov")
    + producer("back", "timewarp", "-1:/m/a.mov", warp_speed="-1", warp_resource="/m/a.mov")
)


def read(folder: Path, playlists: list[str], more: str = "", root: str = "") -> ReadTimeline:
    lists = "".join(f'<playlist id="p{n}">{p}</playlist>' for n, p in enumerate(playlists))
    refs = "".join(f'<track hide="audio" producer="p{n}"/>' for n in range(len(playlists)))
    text = (
        f'<mlt root="{root}"><profile frame_rate_num="30000" frame_rate_den="1001"/>{MEDIA}'
        f'<producer id="black_track"/>{lists}<tractor id="t">{refs}{more}</tractor>'
        '<tractor id="main"><track producer="black_track"/><track producer="t"/></tractor></mlt>'
    )
    path = folder / "cut.kdenlive"
    path.write_text(text, encoding="utf-8")
    return read_timeline(path)


def frames(item: otio.schema.Item) -> tuple[float, float]:
    return item.source_range.start_time.value, item.source_range.duration.value


def test_entries_blanks_and_speeds(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        [
            '<entry producer="a" in="10" out="19"/><blank length="5"/>'
            '<entry producer="fast" in="10" out="19"/><entry producer="back" in="10" out="19"/>'
            '<entry producer="c" in="0" out="9"/>'
        ],
    )
    cut, gap, fast, back, colour = made.timeline.tracks[0]
    # MLT's out is inclusive; times are in frames of 30000/1001.
    assert (frames(cut), gap.duration().value) == ((10, 10), 5)
    assert cut.source_range.start_time.rate == 30000 / 1001
    assert cut.media_reference.target_url == "/m/a.mov"
    assert (frames(fast), fast.effects[0].time_scalar) == ((20, 10), 2.0)
    # Retimed frames 10 to 19 of 1000, counted from the end, are 980 to 989.
    assert (frames(back), back.effects[0].time_scalar) == ((980, 10), -1.0)
    assert isinstance(colour.media_reference, otio.schema.GeneratorReference)


def test_a_mix_becomes_a_transition(tmp_path: Path) -> None:
    """A shows 0-99, B starts at 80: 20 frames of mix, cut 8 before its end, at 92."""
    mix = '<transition in="80" out="100"><property name="kdenlive:mixcut">8</property></transition>'
    made = read(
        tmp_path,
        [
            '<entry producer="a" in="0" out="99"/>',
            '<blank length="80"/><entry producer="a" in="500" out="599"/>',
        ],
        mix,
    )
    first, transition, second = made.timeline.tracks[0]
    assert (frames(first), frames(second)) == ((0, 92), (512, 88))
    assert (transition.in_offset.value, transition.out_offset.value) == (12, 8)


def test_relative_media_start_at_the_projects_root(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "b.mov").touch()
    entry = ['<entry producer="b" in="0" out="9"/>']
    for root, url in ((f"{tmp_path}/media", f"{tmp_path}/media/b.mov"), ("/gone", "b.mov")):
        extra = producer("b", "avformat", "b.mov")
        path = tmp_path / "cut.kdenlive"
        read(tmp_path, ['<entry producer="a" in="0" out="9"/>'], root=root)
        text = (
            path.read_text().replace(MEDIA, MEDIA + extra).replace('producer="a"', 'producer="b"')
        )
        path.write_text(text)
        (clip,) = read_timeline(path).timeline.find_clips()
        assert clip.media_reference.target_url == url, entry


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<mlt/>", "not a Kdenlive or Shotcut project"),
        # By melt the last element is played, here a clip.
        ('<mlt><profile/><tractor id="m"/><chain id="c"/></mlt>', "not a Kdenlive or Shotcut"),
        ("<html/>", "not a Kdenlive or Shotcut project"),
        ("<mlt>", "not well-formed"),
        ('<mlt><profile/><tractor id="m"/></mlt>', "no clips"),
        (
            '<mlt><profile/><playlist id="p"><entry producer="m" in="0" out="9"/></playlist>'
            '<tractor id="m"><track producer="p"/></tractor></mlt>',
            "nested in themselves",
        ),
    ],
)
def test_what_is_refused(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.kdenlive"
    path.write_text(text)
    with pytest.raises(TimelineError, match=what) as caught:
        read_timeline(path)
    assert caught.value.remedy


# What melt 7.12 makes of an entry's in and out at 25 frames a second: `melt x.mlt -consumer xml`.
# It counts them from the producer's own in-point, 10 here: test_mlt_cuts.py.
@pytest.mark.parametrize(
    ("attributes", "start", "length"),
    [
        ('in="00:00:00.480" out="00:00:01.480"', 22, 26),
        ('in="00:00:00:12" out="00:00:01:12"', 22, 26),
        ('in="00:00:00;12" out="00:00:01;12"', 22, 26),
        ('in="1:00" out="2:00"', 35, 26),
        ('in="0:00:01" out="0:00:02"', 11, 2),
        ("", 10, 41),
        ('in="12"', 22, 88),
        ('out="12"', 10, 13),
    ],
)
def test_the_ends_of_an_entry(tmp_path: Path, attributes: str, start: int, length: int) -> None:
    (clip,) = _of_entry(tmp_path, f'<entry producer="a" {attributes}/>').find_clips()
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (start, length)


def test_blanks_in_timecode_and_repeated_entries(tmp_path: Path) -> None:
    """One second, and twice the 3 frames: 31 frames by melt."""
    entry = '<blank length="00:00:01:00"/><entry producer="a" in="12" out="14" repeat="2"/>'
    made = _of_entry(tmp_path, entry)
    starts = [clip.range_in_parent().start_time.value for clip in made.find_clips()]
    assert starts == [25, 28]


def test_an_entry_without_an_end_is_refused_by_name(tmp_path: Path) -> None:
    (clip,) = _of_entry(tmp_path, '<entry producer="b" in="12"/>').find_clips()
    assert clip.name == "b.mov"
    reason = clip.media_reference.metadata["nle_style_source"]["reason"]
    assert reason == "the project does not say where it ends"


def _of_entry(folder: Path, entry: str) -> otio.schema.Timeline:
    """The timeline of a playlist; "a" has 100 frames and shows 10 to 50, "b" says nothing."""
    service = '<property name="mlt_service">avformat</property><property name="resource">/m/{}.mov'
    path = folder / "cut.mlt"
    path.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/>'
        '<producer id="a" in="10" out="50"><property name="length">100</property>'
        f"{service.format('a')}</property></producer>"
        f'<producer id="b">{service.format("b")}</property></producer>'
        f'<playlist id="p">{entry}</playlist><tractor id="t"><track producer="p"/></tractor></mlt>',
        encoding="utf-8",
    )
    return read_timeline(path).timeline


def test_a_multitrack_and_a_producer_without_a_service(tmp_path: Path) -> None:
    """Both are played by melt: a multitrack is older MLT, the service is that of the file."""
    path = tmp_path / "cut.mlt"
    path.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/><producer id="a">'
        '<property name="resource">/m/a.mov</property></producer><playlist id="p">'
        '<entry producer="a" in="12" out="36"/></playlist><tractor id="t"><multitrack>'
        '<track producer="p"/></multitrack></tractor></mlt>',
        encoding="utf-8",
    )
    (clip,) = read_timeline(path).timeline.find_clips()
    assert clip.media_reference.target_url == "/m/a.mov"
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (12, 25)


@pytest.mark.parametrize(("speed", "start"), [("2.0", 10.0), ("-2", 70.0)])
def test_a_timewarp_that_says_its_speed_before_its_path(
    tmp_path: Path, speed: str, start: float
) -> None:
    """Frames 5 to 14 of 50; backwards they are the 20 frames from 70 of the file's 100 on."""
    path = tmp_path / "cut.mlt"
    path.write_text(
        '<mlt><profile frame_rate_num="25" frame_rate_den="1"/><producer id="a" out="49">'
        '<property name="length">50</property><property name="mlt_service">timewarp</property>'
        f'<property name="resource">{speed}:/m/a.mov</property></producer><playlist id="p">'
        '<entry producer="a" in="5" out="14"/></playlist><tractor id="t"><track producer="p"/>'
        "</tractor></mlt>",
        encoding="utf-8",
    )
    (clip,) = read_timeline(path).timeline.find_clips()
    assert clip.media_reference.target_url == "/m/a.mov"
    assert clip.effects[0].time_scalar == float(speed)
    assert clip.source_range.start_time.value == start
