"""Kdenlive's and Shotcut's projects patched in place: melt plays both alike, at strength 0."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)
import pytest

from nle_style.apply import Look
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, BatchResult, dry_run_batch, plan_batch, run_batch
from tests.helpers.media_factory import ffmpeg
from tests.helpers.players.mlt import need_melt, play_project, stamps_of
from tests.helpers.players.mlt_projects import (
    Bin,
    chain,
    entry,
    kdenlive_4,
    kdenlive_5,
    properties,
    shotcut,
)
from tests.helpers.stamps import make_clip, stamped

R25 = Fraction(25)
# The older one differs in where things stand; it is left out of the quick tests.
GENERATIONS = [pytest.param(kdenlive_4, marks=pytest.mark.slow), kdenlive_5]


@pytest.fixture(autouse=True)
def _need_melt() -> None:
    need_melt()


def _run(
    project: Path, pack: Path, *, out: str = "out", rules: str = "", format: str = "auto"
) -> BatchResult:
    options = BatchOptions()
    if rules:
        (project.parent / "looks.yaml").write_text(rules)
        options = BatchOptions(look_map=project.parent / "looks.yaml")
    output = Output(directory=project.parent / out, format=format)
    planned = plan_batch(project, Look({"red": 1.0}, 0.0), output, options=options, pack=str(pack))
    assert dry_run_batch(planned).exit_code == 0
    return run_batch(planned)


def _same(project: Path, made: Path, expected: list[object] | None = None) -> None:
    """melt shows the same of both projects, every pixel."""
    before = play_project(project, project.with_suffix(".before.mkv"))
    after = play_project(made, project.with_suffix(".after.mkv"))
    if expected is not None:
        assert stamps_of(before) == expected
    assert stamps_of(after) == stamps_of(before)
    assert len(after) == len(before)
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


def _changed(project: Path, made: Path) -> list[str]:
    """The lines that differ, each with + or - before it."""
    texts = [path.read_text(encoding="utf-8").splitlines() for path in (project, made)]
    lines = difflib.unified_diff(*texts, n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def _images(folder: Path, clip: int, first: int, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        picture = oiio.ImageBuf(stamped(clip, number))
        assert picture.write(str(folder / f"im.{first + number:04d}.png"))
    return folder / "im.%04d.png"


@pytest.mark.parametrize("write", GENERATIONS)
def test_a_kdenlive_project(write: Callable[..., str], tiny_pack: Path, tmp_path: Path) -> None:
    """Two tracks, a mix, speeds, sound, a still and images, relative to the root."""
    for number in (1, 2):
        make_clip(tmp_path / f"take {number}.mov", number, 60, R25)
    _images(tmp_path / "seq", 3, 101, 30)
    oiio.ImageBuf(stamped(4, 9)).write(str(tmp_path / "still.png"))
    bins = [
        Bin("b1", 2, "take 1.mov", 60, {"kdenlive:originalurl": "take 1.mov"}),
        Bin("b2", 3, "take 2.mov", 60, {}),
        Bin("b3", 5, "seq/im.%04d.png?begin=101", 30, {"ttl": 1}, "pixbuf"),
        Bin("b4", 6, "still.png", 500, {}, "pixbuf"),
    ]
    media = chain("c1", "take 1.mov", 60, kdenlive__id=2)
    media += chain("c2", "take 2.mov", 60, kdenlive__id=3)
    media += chain("s1", "take 1.mov", 60, kdenlive__id=2, **{"set.test_image": 1})
    for name, speed in (("fast", "2"), ("back", "-1")):
        warp = {"warp_speed": speed, "warp_resource": "take 1.mov", "kdenlive__id": 2}
        media += chain(name, f"{speed}:take 1.mov", 60, tag="producer", service="timewarp", **warp)
    images = {"tag": "producer", "service": "pixbuf", "ttl": 1}
    media += chain("im", "seq/im.%04d.png?begin=101", 30, kdenlive__id=5, **images)
    media += chain("st", "still.png", 500, kdenlive__id=6, tag="producer", service="pixbuf")
    lower = entry("c1", 5, 24, 2), f'\n  <blank length="15"/>{entry("c2", 30, 44, 3)}'
    upper = (
        f'\n  <blank length="30"/>{entry("fast", 2, 6, 2)}{entry("back", 10, 14, 2)}'
        f"{entry('im', 7, 11, 5)}{entry('st', 0, 2, 6)}{entry('c1', 40, 42, 2)}"
    )
    mixing = properties(mlt_service="luma", kdenlive__mixcut=2, a_track=0, b_track=1)
    mix = f'\n  <transition id="mix" in="15" out="19">{mixing}\n  </transition>'
    text = write(
        bins, media, [lower, (upper, "")], 51, root=str(tmp_path), more=[mix, ""],
        sound=entry("s1", 5, 24, 2),
    )  # fmt: skip
    project = tmp_path / "cut.kdenlive"
    project.write_text(text, encoding="utf-8")
    result = _run(project, tiny_pack)
    assert result.exit_code == 0
    made = tmp_path / "out" / "cut.red.kdenlive"
    assert made in result.timelines
    assert not (tmp_path / "out" / "cut.red.relink.csv").exists()
    _same(project, made)
    names = {re.search(r'name="([^"]*)"', line)[1] for line in _changed(project, made)}
    assert names == {
        *("resource", "warp_resource", "mlt_service"),
        *("kdenlive:originalurl", "kdenlive:file_size", "kdenlive:file_hash"),
    }
    left = {line for line in made.read_text().splitlines() if "take" in line or "still" in line}
    assert all("/out/" in line for line in left)


def _takes(folder: Path, rate: Fraction = R25) -> None:
    for number in (1, 2):
        make_clip(folder / f"take {number}.mov", number, 40, rate)


def _of_bin(made: Path) -> list[tuple[str, str, str]]:
    """Number, name of the file, and proxy of every file in the bin, by ElementTree."""
    root = ElementTree.parse(made).getroot()  # noqa: S314  (made by the test)
    by_id = {each.get("id"): each for each in root}
    found = []
    for each in root.iterfind("./playlist[@id='main_bin']/entry"):
        texts = {p.get("name"): p.text or "" for p in by_id[each.get("producer")]}
        if "resource" in texts:
            name = Path(texts["resource"]).name
            found.append((texts["kdenlive:id"], name, texts.get("kdenlive:proxy", "")))
    return found


@pytest.mark.parametrize("write", GENERATIONS)
def test_a_clip_in_two_looks_and_as_it_was(
    write: Callable[..., str], tiny_pack: Path, tmp_path: Path
) -> None:
    """The bin keeps its clip, and has one more of each look, of which the timeline's clips are."""
    _takes(tmp_path)
    bins = [Bin("b1", 2, "take 1.mov", 40, {"kdenlive__control_uuid": "{u}"})]
    media = chain("c1", "take 1.mov", 40, kdenlive__id=2, kdenlive__control_uuid="{u}")
    blanks = ["", '\n  <blank length="4"/>', '\n  <blank length="8"/>']
    tracks = [(b + entry("c1", 5 + 10 * n, 8 + 10 * n, 2), "") for n, b in enumerate(blanks)]
    project = tmp_path / "cut.kdenlive"
    text = write(bins, media, tracks, 12, root=str(tmp_path), sound=entry("c1", 0, 9, 2))
    project.write_text(text, encoding="utf-8")
    rules = "- {track: V1, style: none}\n- {track: V2, style: green strength 0}\n"
    assert _run(project, tiny_pack, rules=rules).exit_code == 0
    made = tmp_path / "out" / "cut.red.kdenlive"
    _same(project, made, [(1, n) for n in (*range(5, 9), *range(15, 19), *range(25, 29))])
    first = 3 if write is kdenlive_4 else 91  # the open sequence has number 90
    assert _of_bin(made) == [
        ("2", "take 1.mov", ""),
        (str(first), "take 1.green.sparse.mov", ""),
        (str(first + 1), "take 1.red.sparse.mov", ""),
    ]
    shown = re.findall(r'<entry producer="(c1[^"]*)".*\n.*kdenlive:id">(\d+)', made.read_text())
    assert sorted(shown) == [
        *[("c1", "2")] * 2,
        ("c1-nle1", str(first)),
        ("c1-nle2", str(first + 1)),
    ]
    assert made.read_text().count("{u}") == 2


def test_a_proxy_gives_way_to_what_was_painted_of_its_original(
    tiny_pack: Path, tmp_path: Path
) -> None:
    _takes(tmp_path)
    make_clip(tmp_path / "proxy.mkv", 9, 40, R25)
    behind = {"kdenlive__proxy": "proxy.mkv", "kdenlive__originalurl": "take 1.mov"}
    bins = [Bin("b1", 2, "proxy.mkv", 40, behind)]
    media = chain("c1", "proxy.mkv", 40, kdenlive__id=2, **behind)
    project = tmp_path / "cut.kdenlive"
    tracks = [(entry("c1", 5, 9, 2), "")]
    project.write_text(kdenlive_5(bins, media, tracks, 5, root=str(tmp_path)), encoding="utf-8")
    assert _run(project, tiny_pack).exit_code == 0
    made = tmp_path / "out" / "cut.red.kdenlive"
    assert _of_bin(made) == [("2", "take 1.red.sparse.mov", "-")]
    assert "proxy.mkv" not in made.read_text()
    before, after = (
        stamps_of(play_project(path, tmp_path / "played.mkv")) for path in (project, made)
    )
    assert (before, after) == ([(9, n) for n in range(5, 10)], [(1, n) for n in range(5, 10)])


def test_another_sequence_of_the_project_keeps_what_it_shows(
    tiny_pack: Path, tmp_path: Path
) -> None:
    """Outside the frames that the open sequence needs the intermediate is black."""
    _takes(tmp_path)
    bins = [Bin("b1", 2, "take 1.mov", 40, {})]
    media = chain("c1", "take 1.mov", 40, kdenlive__id=2)
    closed = (
        f'\n <playlist id="closed">{entry("c1", 30, 34, 2)}\n </playlist>\n <tractor id="other" '
        'in="0" out="4">\n  <track hide="audio" producer="closed"/>\n </tractor>'
    )
    tracks = [(entry("c1", 5, 9, 2), "")]
    project = tmp_path / "cut.kdenlive"
    text = kdenlive_5(bins, media + closed, tracks, 5, root=str(tmp_path))
    project.write_text(text, encoding="utf-8")
    assert _run(project, tiny_pack).exit_code == 0
    made = tmp_path / "out" / "cut.red.kdenlive"
    _same(project, made, [(1, n) for n in range(5, 10)])
    opened = [path.with_suffix(".closed.kdenlive") for path in (project, made)]
    for path, other in zip((project, made), opened, strict=True):
        other.write_text(
            path.read_text().replace('track producer="{sequence}"', 'track producer="other"')
        )
    _same(*opened, [(1, n) for n in range(30, 35)])


def test_a_sequence_that_is_shown_twice(tiny_pack: Path, tmp_path: Path) -> None:
    """Its clips are in the project once, are rendered once and patched once."""
    _takes(tmp_path)
    bins = [Bin("b1", 2, "take 1.mov", 40, {})]
    media = chain("c1", "take 1.mov", 40, kdenlive__id=2)
    nest = (
        f'\n <playlist id="inner">{entry("c1", 5, 24, 2)}\n </playlist>\n <tractor id="{{nest}}" '
        f'in="0" out="19">{properties(kdenlive__uuid="{nest}", kdenlive__clipname="Nest")}'
        '\n  <track hide="audio" producer="inner"/>\n </tractor>'
    )
    tracks = [(entry("{nest}", 0, 3) + entry("{nest}", 12, 15), "")]
    project = tmp_path / "cut.kdenlive"
    text = kdenlive_5(bins, media + nest, tracks, 8, root=str(tmp_path))
    project.write_text(text, encoding="utf-8")
    result = _run(project, tiny_pack)
    assert [use.clip_name for use in result.plan.uses] == ["take 1.mov"] * 2
    made = tmp_path / "out" / "cut.red.kdenlive"
    _same(project, made, [(1, n) for n in (*range(5, 9), *range(17, 21))])
    assert "-nle" not in made.read_text()


@pytest.mark.parametrize(("first", "begin", "hold"), [(101, 101, 3), (91, 101, 1)])
def test_a_slideshow_stays_one(
    first: int, begin: int, hold: int, tiny_pack: Path, tmp_path: Path
) -> None:
    """Images that are held for some frames, or that begin within a longer sequence."""
    _images(tmp_path / "seq", 3, first, 30)
    more = {"tag": "producer", "service": "pixbuf", "ttl": hold}
    url, length = f"seq/im.%04d.png?begin={begin}", 20 * hold
    bins = [Bin("b1", 2, url, length, {"ttl": hold}, "pixbuf")]
    media = chain("c1", url, length, kdenlive__id=2, **more)
    project = tmp_path / "cut.kdenlive"
    tracks = [(entry("c1", 7, 15, 2), "")]
    project.write_text(kdenlive_4(bins, media, tracks, 9, root=str(tmp_path)), encoding="utf-8")
    assert _run(project, tiny_pack).exit_code == 0
    made = tmp_path / "out" / "cut.red.kdenlive"
    _same(project, made, [(3, begin - first + n // hold) for n in range(7, 16)])
    assert f"im.red.%06d.png?begin={begin}" in made.read_text()


def test_images_are_painted_where_they_are_asked_for(tiny_pack: Path, tmp_path: Path) -> None:
    """A movie has no place for them: its clips are refused by name, and nothing else is."""
    _takes(tmp_path)
    _images(tmp_path / "seq", 3, 101, 12)
    media = chain("c1", "seq/im.%04d.png?begin=101", 12, tag="producer", service="pixbuf", ttl=1)
    media += chain("c2", "take 1.mov", 40, shotcut__caption="a movie")
    project = tmp_path / "cut.mlt"
    project.write_text(shotcut(media, [entry("c1", 2, 6) + entry("c2", 3, 5)], 8))
    output = Output(directory=tmp_path / "out", format="png")
    planned = plan_batch(project, Look({"red": 1.0}, 0.0), output, pack=str(tiny_pack))
    assert [clip.clip_name for clip in planned.plan.refusals] == ["a movie"]
    assert run_batch(planned).exit_code == 3
    _same(
        project,
        tmp_path / "out" / "cut.red.mlt",
        [(3, n) for n in range(2, 7)] + [(1, n) for n in (3, 4, 5)],
    )


@pytest.mark.parametrize("out", ["out", "."])
def test_a_shotcut_project_and_its_dissolve(out: str, tiny_pack: Path, tmp_path: Path) -> None:
    """Relative paths start at the project's folder, which the result must say elsewhere."""
    _takes(tmp_path)
    make_clip(tmp_path / "kept.mov", 7, 40, R25)
    about = {"shotcut__hash": "0" * 32}
    media = "".join(
        chain(name, f"take {number}.mov", 40, shotcut__caption=f"take {number}", **about)
        for name, number in (("c1", 1), ("c2", 2), ("d1", 1), ("d2", 2))
    )
    media += chain("k", "kept.mov", 40, shotcut__caption="kept", **about)
    over = properties(mlt_service="luma", a_track=0, b_track=1)
    media += (
        f'\n <tractor id="over" in="0" out="4">{properties(shotcut__transition="lumaMix")}'
        '\n  <track producer="d1" in="15" out="19"/>\n  <track producer="d2" in="3" out="7"/>'
        f'\n  <transition id="t" out="4">{over}\n  </transition>\n </tractor>'
    )
    track = entry("c1", 5, 14) + entry("over", 0, 4) + entry("c2", 8, 12) + entry("k", 20, 22)
    project = tmp_path / "cut.mlt"
    project.write_text(shotcut(media, [track], 23), encoding="utf-8")
    assert _run(project, tiny_pack, out=out, rules="- {clip: kept, style: none}").exit_code == 0
    made = tmp_path / out / "cut.red.mlt"
    shown = [(1, n) for n in range(5, 16)] + ["mixed"] * 4
    _same(project, made, [*shown, *((2, n) for n in range(8, 13)), (7, 20), (7, 21), (7, 22)])
    assert f'root="{tmp_path}"' in made.read_text()
    changed = _changed(project, made)
    assert sum("shotcut:hash" in line for line in changed) == 4
    assert not any("kept" in line for line in changed)


def test_shotcuts_proxy(tiny_pack: Path, tmp_path: Path) -> None:
    _takes(tmp_path)
    make_clip(tmp_path / "proxy.mkv", 9, 40, R25)
    behind = {"shotcut__proxy": 1, "shotcut__resource": "take 1.mov", "shotcut__caption": "take"}
    project = tmp_path / "cut.mlt"
    project.write_text(shotcut(chain("c", "proxy.mkv", 40, **behind), [entry("c", 5, 9)], 5))
    assert _run(project, tiny_pack).exit_code == 0
    made = tmp_path / "out" / "cut.red.mlt"
    shown = stamps_of(play_project(made, tmp_path / "played.mkv"))
    assert shown == [(1, n) for n in range(5, 10)]
    assert not any(
        word in made.read_text() for word in ("proxy.mkv", "shotcut:proxy", "shotcut:resource")
    )


def test_streams_are_found_where_the_intermediate_has_them(tiny_pack: Path, tmp_path: Path) -> None:
    """The source has its picture after its sound; an intermediate has it first."""
    _takes(tmp_path)
    tone = ["-f", "lavfi", "-i", "sine=440:r=48000"]
    order = ["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-shortest"]
    ffmpeg(*tone, "-i", tmp_path / "take 1.mov", *order, tmp_path / "a.mov")
    streams = {"video_index": 1, "audio_index": 0, "meta.media.nb_streams": 2}
    project = tmp_path / "cut.mlt"
    project.write_text(shotcut(chain("c", "a.mov", 40, **streams), [entry("c", 5, 9)], 5))
    assert _run(project, tiny_pack).exit_code == 0
    _same(project, tmp_path / "out" / "cut.red.mlt", [(1, n) for n in range(5, 10)])


def test_a_still_stays_a_still_where_images_are_asked_for(tiny_pack: Path, tmp_path: Path) -> None:
    oiio.ImageBuf(stamped(4, 9)).write(str(tmp_path / "still.png"))
    still = chain("c", "still.png", 500, tag="producer", service="pixbuf")
    project = tmp_path / "cut.mlt"
    project.write_text(shotcut(still, [entry("c", 0, 3)], 4))
    assert _run(project, tiny_pack, format="png").exit_code == 0
    _same(project, tmp_path / "out" / "cut.red.mlt", [(4, 9)] * 4)


@pytest.mark.parametrize(
    ("rate", "media"),
    [
        (Fraction(30000, 1001), Fraction(24)),
        pytest.param(Fraction(24), Fraction(50), marks=pytest.mark.slow),
    ],
)
def test_media_of_another_rate(
    rate: Fraction, media: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    _takes(tmp_path, media)
    length = int(40 / media * rate)
    bins = [Bin("b1", 2, "take 1.mov", length, {})]
    tracks = [(entry("c1", 5, length - 5, 2), "")]
    text = kdenlive_5(
        bins, chain("c1", "take 1.mov", length, kdenlive__id=2), tracks, length - 9,
        rate=rate, root=str(tmp_path),
    )  # fmt: skip
    project = tmp_path / "cut.kdenlive"
    project.write_text(text, encoding="utf-8")
    assert _run(project, tiny_pack).exit_code == 0
    _same(project, tmp_path / "out" / "cut.red.kdenlive")
