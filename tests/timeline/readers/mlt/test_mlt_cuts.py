"""Which frames MLT's entries, tracks and nests show, as melt plays them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.helpers.players.mlt import need_melt, play_project
from tests.helpers.players.mlt_projects import chain, properties
from tests.helpers.stamps import HEIGHT, WIDTH, make_clip, read_stamp
from tests.timeline.building import Facts, probe_of

R25 = Fraction(25)
COUNT = 60
TRACK = '<tractor id="t"><track producer="p"/></tractor>'
Q = (
    '<playlist id="q"><entry producer="a" in="10" out="19"/>'
    '<entry producer="b" in="30" out="39"/></playlist>'
)


def shown(*runs: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Stamps of runs of a clip, from its first frame to its last."""
    return [(clip, n) for clip, first, last in runs for n in range(first, last + 1)]


def project(folder: Path, body: str) -> Path:
    profile = (
        f'<profile frame_rate_num="25" frame_rate_den="1" width="{WIDTH}" height="{HEIGHT}"'
        ' progressive="1" sample_aspect_num="1" sample_aspect_den="1"/>'
    )
    media = "".join(
        chain(each, str(folder / f"{each}.mov"), COUNT, tag="producer") for each in "ab"
    )
    path = folder / "cut.mlt"
    path.write_text(f"<mlt>{profile}{media}{body}</mlt>", encoding="utf-8")
    return path


def planned(read: ReadTimeline) -> Plan:
    return plan_shots(read, probe_of(Facts(R25, COUNT)))


def frozen(attributes: str = "", **more: object) -> str:
    inside = properties(mlt_service="freeze", **more)
    return (
        f'<playlist id="p"><entry producer="a" in="10" out="19"><filter {attributes}>{inside}'
        f"</filter></entry></playlist>{TRACK}"
    )


def own_ends(entries: str, tag: str = "producer") -> str:
    """Entries of a producer that begins at its frame 20, as melt's own consumer writes it."""
    inside = properties(length=COUNT, resource="a.mov", mlt_service="avformat")
    producer = f'<{tag} id="c" in="20" out="49">{inside}</{tag}>'
    return f'{producer}<playlist id="p">{entries}</playlist>{TRACK}'


def frozen_at_20(tag: str, attributes: str = "", **more: object) -> str:
    """A clip of frames 20-29, whose producer begins at its frame 20, with a freeze."""
    freeze = f"<filter {attributes}>{properties(mlt_service='freeze', **more)}</filter>"
    return own_ends(f'<entry producer="c" in="0" out="9">{freeze}</entry>', tag)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        # Without a tractor; of several the last is played.
        (Q, shown((1, 10, 19), (2, 30, 39))),
        (f'<playlist id="p"/>{TRACK}{Q}', shown((1, 10, 19), (2, 30, 39))),
        # A part of a track, and of a playlist; its own out says nothing.
        (
            f'{Q}<tractor id="t"><track producer="q" in="5" out="12"/></tractor>',
            shown((1, 15, 19), (2, 30, 32)),
        ),
        (f'{Q}<tractor id="t"><track producer="q" in="15"/></tractor>', shown((2, 35, 39))),
        (f'{Q}<tractor id="t"><track producer="q" out="4"/></tractor>', shown((1, 10, 14))),
        (
            f'{Q}<tractor id="x"><track producer="q"/></tractor>'
            '<tractor id="t"><track producer="x" in="5" out="12"/></tractor>',
            shown((1, 15, 19), (2, 30, 32)),
        ),
        (
            Q.replace('id="q"', 'id="p" in="3" out="7"') + TRACK,
            shown((1, 13, 19), (2, 30, 39)),
        ),
        # Playlists and tractors as clips; the ends of a tractor say nothing.
        (
            f'{Q}<playlist id="p"><entry producer="q"/></playlist>{TRACK}',
            shown((1, 10, 19), (2, 30, 39)),
        ),
        (
            f'{Q}<tractor id="x" in="3" out="12"><track producer="q"/></tractor>'
            f'<playlist id="p"><entry producer="x"/></playlist>{TRACK}',
            shown((1, 10, 19), (2, 30, 39)),
        ),
        # Entries count from the producer's in-point.
        (own_ends('<entry producer="c" in="0" out="9"/>'), shown((1, 20, 29))),
        (own_ends('<entry producer="c"/>'), shown((1, 20, 49))),
        (own_ends('<entry producer="c" out="4"/>'), shown((1, 20, 24))),
        # Ends the wrong way round, and beyond the producer's.
        (
            '<playlist id="p"><entry producer="a" in="19" out="10"/>'
            f'<entry producer="b" in="55" out="80"/></playlist>{TRACK}',
            shown((1, 10, 19), (2, 55, 59)),
        ),
        (frozen(frame=30), [(1, 40)] * 10),
        (frozen(frame=4, freeze_before=1), [(1, 14)] * 4 + shown((1, 14, 19))),
        (frozen(frame="00:00:00.160", freeze_after=1), shown((1, 10, 13)) + [(1, 14)] * 6),
        (
            frozen('in="12" out="15"', frame=4),
            shown((1, 10, 11)) + [(1, 14)] * 4 + shown((1, 16, 19)),
        ),
        (frozen(frame=4, disable=1), shown((1, 10, 19))),
        # Of a chain the frame is one of its file.
        (frozen_at_20("chain", frame=4), [(1, 4)] * 10),
        (frozen_at_20("chain", frame=24, freeze_before=1), [(1, 24)] * 4 + shown((1, 24, 29))),
        (frozen_at_20("chain", frame=24, freeze_after=1), shown((1, 20, 24)) + [(1, 24)] * 5),
        (
            frozen_at_20("producer", 'in="2" out="5"', frame=14),
            shown((1, 20, 21)) + [(1, 34)] * 4 + shown((1, 26, 29)),
        ),
        (
            '<playlist id="p"><entry producer="b" in="10" out="19"/></playlist><tractor id="t">'
            '<multitrack><playlist id="i"><entry producer="a" in="10" out="19"/></playlist>'
            "</multitrack></tractor>",
            shown((1, 10, 19)),
        ),
        # Properties as values, and as attributes of the producer and of a filter.
        (
            '<producer id="c" mlt_service="timewarp" length="30"><property name="resource"'
            ' value="2:a.mov"/><property name="warp_speed" value="2"/><property'
            ' name="warp_resource" value="a.mov"/></producer>'
            f'<playlist id="p"><entry producer="c" in="10" out="14"/></playlist>{TRACK}',
            [(1, number) for number in range(20, 30, 2)],
        ),
        (frozen('mlt_service="freeze" disable="1"', frame=4), shown((1, 10, 19))),
        (
            '<playlist id="p"><entry producer="a" in="10" out="19">'
            f'<filter mlt_service="freeze" frame="4"/></entry></playlist>{TRACK}',
            [(1, 14)] * 10,
        ),
        # Of a property that stands twice the last one.
        (
            '<producer id="c"><property name="resource">b.mov</property>'
            f'{properties(length=COUNT, resource="a.mov", mlt_service="avformat")}</producer>'
            f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}',
            shown((1, 10, 19)),
        ),
        # Properties in a group without a name are its own, in one with a name they are not.
        (
            '<producer id="c"><property name="resource">b.mov</property>'
            '<properties name="x"><property name="length">15</property></properties><properties>'
            f'{properties(length=COUNT, resource="a.mov", mlt_service="avformat")}</properties>'
            '</producer><playlist id="p"><entry producer="c" in="10" out="19"><filter>'
            f"<properties>{properties(mlt_service='freeze', frame=4)}</properties></filter>"
            f"</entry></playlist>{TRACK}",
            [(1, 14)] * 10,
        ),
        # Below 0 an in-point is the first frame, and an out-point the last one.
        (
            '<playlist id="p"><entry producer="a" in="50" out="-1"/>'
            f'<entry producer="b" in="-5" out="4"/></playlist>{TRACK}',
            shown((1, 50, 59), (2, 0, 4)),
        ),
        # A timewarp's speed of 0 is 1.
        (
            f'<producer id="c" mlt_service="timewarp" resource="0:a.mov" length="{COUNT}">'
            f'</producer><playlist id="p"><entry producer="c" in="3" out="9"/></playlist>{TRACK}',
            shown((1, 3, 9)),
        ),
    ],
)  # fmt: skip
def test_a_cut_shows_what_melt_shows(
    tmp_path: Path, body: str, wanted: list[tuple[int, int]]
) -> None:
    need_melt()
    for clip, name in enumerate("ab", 1):
        make_clip(tmp_path / f"{name}.mov", clip, COUNT, R25)
    path = project(tmp_path, body)
    assert [read_stamp(frame) for frame in play_project(path, tmp_path / "played.mkv")] == wanted
    read = read_timeline(path)
    assert sum(int(clip.duration().value) for clip in read.timeline.find_clips()) == len(wanted)
    plan = planned(read)
    assert not plan.refusals
    needed = {(use.source.stem, n) for use in plan.uses for n in range(use.first, use.last + 1)}
    assert needed >= {("ab"[clip - 1], number) for clip, number in wanted}
    for name in {name for name, _ in needed}:
        numbers = sorted(n for clip, n in wanted if "ab"[clip - 1] == name)
        rendered = sorted(n for stem, n in needed if stem == name)
        assert rendered[0] >= numbers[0] - 2
        assert rendered[-1] <= numbers[-1] + 2


def freeze(**more: object) -> str:
    return f"<filter>{properties(mlt_service='freeze', frame=4, **more)}</filter>"


def held_by(producer: str, inside: str = "") -> str:
    media = properties(length=COUNT, resource=f"{producer}.mov", mlt_service="avformat")
    return f'<producer id="c">{media}{inside}</producer>'


C = f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}'


@pytest.mark.parametrize(
    ("body", "held"),
    [
        (f'{Q}<playlist id="p"><entry producer="a" in="10" out="19"/>{{}}</playlist>{TRACK}', 14),
        (f'{Q}<tractor id="t"><track producer="q"/>{{}}</tractor>', 14),
        (
            f'{Q}<tractor id="x"><track producer="q"/>{{}}</tractor>'
            f'<playlist id="p"><entry producer="x"/></playlist>{TRACK}',
            14,
        ),
        (f'{Q}<tractor id="t"><track producer="q"/></tractor>{{}}', 14),
        (f'{Q}<playlist id="p"><entry producer="q" out="9">{{}}</entry></playlist>{TRACK}', 14),
        # melt 7.12 does not play this one.
        (held_by("a", "{}") + C, None),
    ],
)
def test_a_freeze_on_more_than_a_clip_is_refused(
    tmp_path: Path, body: str, held: int | None
) -> None:
    """By melt it holds one frame of every clip below, here 10 + 4 of the first."""
    if held is not None:
        need_melt()
        for clip, name in enumerate("ab", 1):
            make_clip(tmp_path / f"{name}.mov", clip, COUNT, R25)
        path = project(tmp_path, body.format(freeze()))
        played = play_project(path, tmp_path / "played.mkv")
        assert {read_stamp(frame) for frame in played[:10]} == {(1, held)}
    refusals = planned(read_timeline(project(tmp_path, body.format(freeze())))).refusals
    assert refusals
    assert all("a freeze is on its whole" in refusal.reason for refusal in refusals)
    assert not planned(read_timeline(project(tmp_path, body.format(freeze(disable=1))))).refusals


def test_the_last_element_before_a_place_that_has_its_id(tmp_path: Path) -> None:
    """melt takes it; where others follow, which is written by no editor, the clip is refused."""
    need_melt()
    for clip, name in enumerate("ab", 1):
        make_clip(tmp_path / f"{name}.mov", clip, COUNT, R25)
    a, b = held_by("a"), held_by("b")
    playlist = C.removesuffix(TRACK)
    for body, shown_clip, refused in [(a + b + C, 2, 0), (a + playlist + b + TRACK, 1, 1)]:
        path = project(tmp_path, body)
        played = play_project(path, tmp_path / "played.mkv")
        assert [read_stamp(frame) for frame in played] == shown((shown_clip, 10, 19))
        plan = planned(read_timeline(path))
        assert [use.source.stem for use in plan.uses] == ["b"] * (1 - refused)
        assert ["two elements" in refusal.reason for refusal in plan.refusals] == [True] * refused


@pytest.mark.parametrize("begin", [0, 5])
def test_reverse_counts_from_the_producers_out_point(tmp_path: Path, begin: int) -> None:
    """By melt it shows 44 - 10 and on down; with an in-point too it is refused."""
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    warp = {"mlt_service": "timewarp", "warp_speed": -1, "warp_resource": "a.mov"}
    inside = properties(length=COUNT, resource="-1:a.mov", **warp)
    producer = f'<producer id="r" in="{begin}" out="44">{inside}</producer>'
    entries = f'<playlist id="p"><entry producer="r" in="10" out="19"/></playlist>{TRACK}'
    path = project(tmp_path, producer + entries)
    (clip,) = read_timeline(path).timeline.find_clips()
    assert len(planned(read_timeline(path)).refusals) == bool(begin)
    if not begin:
        played = play_project(path, tmp_path / "played.mkv")
        assert [read_stamp(frame) for frame in played] == [(1, n) for n in range(34, 24, -1)]
        assert clip.source_range.start_time.value == 25


@pytest.mark.parametrize(
    ("more", "wanted", "reason"),
    [
        # 59 - 3 and on down: the file's length, which only melt knows here.
        ({"resource": "-1:a.mov"}, list(range(56, 49, -1)), "how long its producer is"),
        (
            {"resource": "3:a.mov", "warp_speed": 2, "length": 20},
            list(range(9, 28, 3)),
            "its speed is 2, and another before its path",
        ),
        ({"resource": "a.mov", "warp_speed": 2, "length": 30}, list(range(3, 10)), "another"),
    ],
)
def test_a_speed_that_cannot_be_known_is_refused(
    tmp_path: Path, more: dict[str, object], wanted: list[int], reason: str
) -> None:
    need_melt()
    make_clip(tmp_path / "a.mov", 1, COUNT, R25)
    inside = properties(mlt_service="timewarp", warp_resource="a.mov", **more)
    entries = f'<playlist id="p"><entry producer="r" in="3" out="9"/></playlist>{TRACK}'
    path = project(tmp_path, f'<producer id="r">{inside}</producer>{entries}')
    played = play_project(path, tmp_path / "played.mkv")
    assert [read_stamp(frame) for frame in played] == [(1, n) for n in wanted]
    (refusal,) = planned(read_timeline(path)).refusals
    assert reason in refusal.reason


def test_a_producer_that_stands_in_a_playlist_is_refused_where_it_cannot_be_patched(
    tmp_path: Path,
) -> None:
    inside = properties(resource="/m/c.mov", mlt_service="avformat")
    inline = f'<producer id="c" in="40" out="44">{inside}</producer>'
    path = project(tmp_path, f'<playlist id="p"><entry producer="a"/>{inline}</playlist>{TRACK}')
    (_, clip) = read_timeline(path).timeline.find_clips()
    assert clip.media_reference.target_url == "/m/c.mov"
    assert (clip.source_range.start_time.value, clip.duration().value) == (40, 5)


@pytest.mark.parametrize(
    ("rate", "own", "start"), [(50, 25, 20), (12.5, 25, 5), ("25.000000", 25, 10)]
)
def test_a_rate_that_the_project_gives_a_movie(
    tmp_path: Path, rate: object, own: int, start: int
) -> None:
    """Frame n of the project is frame n * 50 / 25 of a movie that is to have 50 a second."""
    more = {"force_fps": rate, "meta.media.0.stream.frame_rate": own}
    media = chain("c", "/m/c.mov", 100, **more)
    entries = f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}'
    (clip,) = read_timeline(project(tmp_path, media + entries)).timeline.find_clips()
    assert clip.source_range.start_time.value == start
    assert [effect.time_scalar for effect in clip.effects] == [start / 10] * (start != 10)
    # As many frames of the file as there are: 100 at its own rate, in time of the project.
    assert clip.media_reference.available_range.duration.value == 100 * start / 10


def test_a_rate_that_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    media = chain("c", "/m/c.mov", 100, force_fps=50)
    entries = f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}'
    (refusal,) = planned(read_timeline(project(tmp_path, media + entries))).refusals
    assert "force_fps" in refusal.reason


@pytest.mark.parametrize(
    ("picture", "types", "warned"),
    [(2, "video audio video", True), (0, "video audio video", False), (1, "audio video", False)],
)
def test_another_stream_than_the_first_is_said(
    tmp_path: Path, picture: int, types: str, warned: bool
) -> None:
    kinds = enumerate(types.split())
    more = {f"meta.media.{n}.stream.type": kind for n, kind in kinds}
    more |= {"meta.media.nb_streams": len(more), "video_index": picture}
    media = chain("c", "/m/c.mov", 100, **more)
    entries = f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}'
    warnings = read_timeline(project(tmp_path, media + entries)).warnings
    assert ["--stream 2" in each for each in warnings] == [True] * warned


def test_a_movie_without_its_picture_is_disabled(tmp_path: Path) -> None:
    media = chain("c", "/m/c.mov", 100, video_index=-1)
    entries = f'<playlist id="p"><entry producer="c" in="10" out="19"/></playlist>{TRACK}'
    (clip,) = read_timeline(project(tmp_path, media + entries)).timeline.find_clips()
    assert not clip.enabled
