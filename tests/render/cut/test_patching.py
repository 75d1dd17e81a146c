"""XML that comes back with other media in it: clips that are shown twice, and no late refusal."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)
import pytest

from nle_style.apply import Look
from nle_style.errors import InputError
from nle_style.render import Output
from nle_style.render.cut import BatchResult, PlannedBatch, dry_run_batch, plan_batch, run_batch
from tests.helpers.stamps import frames_of, make_clip, read_stamp, stamped

RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
FILE = f'<file id="f1"><name>f1</name><pathurl>URL</pathurl>{RATE}<duration>40</duration></file>'
MARKED = "<marker><name>style: {}</name><in>0</in><out>-1</out></marker>"


def _item(name: str, start: int, first: int, inside: str, marker: str = "") -> str:
    return (
        f'<clipitem id="{name}"><name>{name}</name><duration>40</duration>{RATE}'
        f"<start>{start}</start><end>{start + 10}</end><in>{first}</in><out>{first + 10}</out>"
        f"{inside}{marker}</clipitem>"
    )


def _sequence(name: str, items: str) -> str:
    return (
        f'<sequence id="{name}"><name>{name}</name><duration>40</duration>{RATE}'
        f"<media><video><track>{items}</track></video></media></sequence>"
    )


def _nest_twice(markers: tuple[str, str] = ("", "")) -> str:
    """A nest of one clip, source frames 5 to 34, shown from its frame 0 and from its frame 15."""
    inner = (
        f'<clipitem id="inner"><name>inner</name><duration>40</duration>{RATE}<start>0</start>'
        f"<end>30</end><in>5</in><out>35</out>{FILE}</clipitem>"
    )
    uses = _item("u1", 0, 0, _sequence("nest", inner), markers[0])
    uses += _item("u2", 10, 15, '<sequence id="nest"/>', markers[1])
    return f'<xmeml version="5">{_sequence("cut", uses)}</xmeml>'


def _multicam() -> str:
    """Angle A, asset frames 0 to 39, in the first and the last of three multicam clips."""
    angles = "".join(
        f'<mc-angle angleID="{name}"><asset-clip name="angle {name}" ref="{name}" offset="0s" '
        f'start="0s" duration="40/25s"/></mc-angle>'
        for name in "ab"
    )
    assets = "".join(
        f'<asset id="{name}" name="{name}" start="0s" duration="40/25s" format="r" hasVideo="1">'
        f'<media-rep kind="original-media" src="{url}"/></asset>'
        for name, url in (("a", "URL"), ("b", "OTHER"))
    )
    uses = "".join(
        f'<mc-clip name="use {n}" ref="mc" offset="{10 * n}/25s" start="{10 * n}/25s" '
        f'duration="10/25s"><mc-source angleID="{angle}" srcEnable="all"/></mc-clip>'
        for n, angle in enumerate("aba")
    )
    return (
        '<fcpxml version="1.10"><resources><format id="r" frameDuration="1/25s"/>'
        f'{assets}<media id="mc"><multicam format="r" tcStart="0s">{angles}</multicam></media>'
        '</resources><project name="p"><sequence format="r" duration="30/25s" tcStart="0s">'
        f"<spine>{uses}</spine></sequence></project></fcpxml>"
    )


def _write(folder: Path, text: str, suffix: str) -> Path:
    """The cut, with media whose frames carry the clip's number, 1 or 2, and their own."""
    for number, name in ((1, "URL"), (2, "OTHER")):
        movie = make_clip(folder / f"take {number}.mov", number, 40, Fraction(25))
        text = text.replace(name, movie.as_uri())
    cut = folder / f"cut{suffix}"
    cut.write_text(text, encoding="utf-8")
    return cut


def _planned(cut: Path, pack: Path) -> PlannedBatch:
    output = Output(directory=cut.parent / "out")
    return plan_batch(cut, Look({"red": 1.0}, 0.0), output, pack=str(pack))


def _run(cut: Path, pack: Path) -> BatchResult:
    return run_batch(_planned(cut, pack))


def _stamps(movie: Path) -> dict[int, tuple[int, int]]:
    """What the frames of a movie carry, by their place in it; black ones left out."""
    read = ((place, read_stamp(frame)) for place, frame in enumerate(frames_of(movie)))
    return {place: stamp for place, stamp in read if stamp is not None}


def _paths(cut: Path) -> list[str]:
    return [
        unquote(url).removeprefix("file://")
        for url in re.findall(r'(?:src="|<pathurl>)([^"<]+)', cut.read_text(encoding="utf-8"))
    ]


def test_a_nest_that_is_shown_twice_is_patched_once(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _write(tmp_path, _nest_twice(), ".xml")
    assert _run(cut, tiny_pack).exit_code == 0
    made = tmp_path / "out" / "cut.red.xml"
    (movie,) = _paths(made)
    # In frames of the file: 5-14 by the first use, 20-29 by the second.
    shown = {place: (1, place) for place in (*range(5, 15), *range(20, 30))}
    assert _stamps(Path(movie)) == shown
    assert made.read_text().replace(movie.replace(" ", "%20"), "X") == cut.read_text().replace(
        str(tmp_path / "take%201.mov"), "X"
    )


def test_an_angle_that_is_shown_twice_is_patched_once(tiny_pack: Path, tmp_path: Path) -> None:
    cut = _write(tmp_path, _multicam(), ".fcpxml")
    assert _run(cut, tiny_pack).exit_code == 0
    first, second = _paths(tmp_path / "out" / "cut.red.fcpxml")
    assert _stamps(Path(first)) == {n: (1, n) for n in (*range(10), *range(20, 30))}
    assert _stamps(Path(second)) == {n: (2, n) for n in range(10, 20)}


def test_clips_of_one_line_are_told_apart(tiny_pack: Path, tmp_path: Path) -> None:
    """The file's two clips stand on its only line, and one of them stays as it is."""
    items = _item("one", 0, 3, FILE) + _item("two", 10, 20, '<file id="f1"/>')
    items = items.replace("</clipitem>", f"{MARKED.format('none')}</clipitem>", 1)
    cut = _write(tmp_path, f'<xmeml version="5">{_sequence("cut", items)}</xmeml>', ".xml")
    assert "\n" not in cut.read_text()
    assert _run(cut, tiny_pack).exit_code == 0
    kept, made = _paths(tmp_path / "out" / "cut.red.xml")
    assert kept == str(tmp_path / "take 1.mov")
    assert _stamps(Path(made)) == {n: (1, n) for n in range(20, 30)}


@pytest.mark.parametrize("second", ["green strength 0", "none", "nosuchstyle"])
def test_a_clip_of_two_minds_is_refused_by_name_before_painting(
    second: str, tiny_pack: Path, tmp_path: Path
) -> None:
    """One element of the file cannot show two pictures: neither use is painted."""
    text = _nest_twice(("", MARKED.format(second)))
    more = _item("other", 20, 0, FILE.replace("f1", "f2").replace("URL", "OTHER"))
    text = text.replace("</track></video></media></sequence></xmeml>", f"{more}</track></video>"
                        "</media></sequence></xmeml>")  # fmt: skip
    cut = _write(tmp_path, text, ".xml")
    planned = _planned(cut, tiny_pack)
    refused = [clip for clip in planned.plan.refusals if "same clip" in clip.reason]
    assert {clip.clip_name for clip in refused} == {"inner"}
    assert all("V1 > u" in clip.track_name for clip in refused)
    assert [use.clip_name for use in planned.plan.uses] == ["other"]
    assert dry_run_batch(planned).exit_code == 3
    result = run_batch(planned)
    assert result.exit_code == 3
    assert _paths(tmp_path / "out" / "cut.red.xml")[0] == str(tmp_path / "take 1.mov")


def test_an_asset_with_proxies_alone_is_refused_by_name(tiny_pack: Path, tmp_path: Path) -> None:
    """Its proxy can be read, but the path of its own media has no place to stand in."""
    text = _multicam().replace("original-media", "proxy-media", 1)
    planned = _planned(_write(tmp_path, text, ".fcpxml"), tiny_pack)
    assert {clip.clip_name for clip in planned.plan.refusals} == {"angle a"}
    assert run_batch(planned).exit_code == 3


def test_an_image_sequence_becomes_a_movie_as_long_as_it_is(
    tiny_pack: Path, tmp_path: Path
) -> None:
    (tmp_path / "seq").mkdir()
    for number in range(30):
        picture = oiio.ImageBuf(stamped(7, number))
        assert picture.write(str(tmp_path / "seq" / f"im.{1000 + number}.png"))
    items = _item("one", 0, 8, FILE.replace("URL", str(tmp_path / "seq" / "im.%04d.png")))
    cut = _write(tmp_path, f'<xmeml version="5">{_sequence("cut", items)}</xmeml>', ".xml")
    assert _run(cut, tiny_pack).exit_code == 0
    (movie,) = _paths(tmp_path / "out" / "cut.red.xml")
    assert _stamps(Path(movie)) == {n: (7, n) for n in range(8, 18)}
    assert len(list(frames_of(Path(movie)))) == 30


def test_a_path_that_the_xml_cannot_hold_is_refused_by_the_plan(
    tiny_pack: Path, tmp_path: Path
) -> None:
    """The file has bare paths, and the output folder's name has a sign that XML lacks."""
    text = f'<xmeml version="5">{_sequence("cut", _item("one", 0, 3, FILE))}</xmeml>'
    cut = _write(tmp_path, text, ".xml")
    cut.write_text(cut.read_text().replace("file://", "").replace("%20", " "))
    output = Output(directory=tmp_path / "out\x01")
    with pytest.raises(InputError, match="cannot be written into this XML"):
        dry_run_batch(plan_batch(cut, Look({"red": 1.0}, 0.0), output, pack=str(tiny_pack)))
    assert not output.directory.exists()


def test_a_timeline_that_is_saved_again_meanwhile_is_patched_as_it_was_read(
    tiny_pack: Path, tmp_path: Path
) -> None:
    text = f'<xmeml version="5">{_sequence("cut", _item("one", 0, 3, FILE))}</xmeml>'
    cut = _write(tmp_path, text, ".xml")
    planned = _planned(cut, tiny_pack)
    before = cut.read_text()
    cut.write_text("<xmeml/>")
    assert run_batch(planned).exit_code == 0
    made = (tmp_path / "out" / "cut.red.xml").read_text()
    assert re.sub("<pathurl>.*</pathurl>", "", made) == re.sub("<pathurl>.*</pathurl>", "", before)


def test_stills_and_what_is_no_movie_are_named_by_the_plan(tiny_pack: Path, tmp_path: Path) -> None:
    """An XML keeps its stills: the plan says so, not a line after an hour of painting."""
    still = make_clip(tmp_path / "still.mov", 3, 1, Fraction(25))
    items = _item("one", 0, 3, FILE)
    items += _item("title", 10, 0, FILE.replace("f1", "f2").replace("URL", still.as_uri()))
    cut = _write(tmp_path, f'<xmeml version="5">{_sequence("cut", items)}</xmeml>', ".xml")
    planned = _planned(cut, tiny_pack)
    notes = {use.clip_name: use.note for use in planned.plan.uses}
    assert "keeps its media in the XML" in notes["title"]
    assert "keeps its media" not in notes["one"]
