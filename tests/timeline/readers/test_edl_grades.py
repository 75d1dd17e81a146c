"""ASC colour decisions of a list: carried into the clips' metadata, and never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import opentimelineio as otio

from nle_style.timeline import ReadTimeline, read_timeline

HEAD = "TITLE: T\nFCM: NON-DROP FRAME\n"
CUT = "00{n}  R{n} V     C        01:00:00:00 01:00:02:00 00:00:0{a}:00 00:00:0{b}:00\n"
SOP = "*ASC_SOP ({0} 1.0 1.0) (-0.1 0.0 0.05) (1.0 1.2 1.0)\n"


def _read(folder: Path, text: str) -> ReadTimeline:
    path = folder / "cut.edl"
    path.write_text(HEAD + text)
    return read_timeline(path, rate=24)


def _grades(read: ReadTimeline) -> dict[str, Any]:
    return {
        clip.name: otio.core.serialize_json_to_string(clip.metadata["cdl"], indent=-1)
        if "cdl" in clip.metadata
        else None
        for clip in read.timeline.find_clips()
    }


def _json(slope: float, sat: str = "") -> str:
    sop = f'{{"offset":[-0.1,0.0,0.05],"power":[1.0,1.2,1.0],"slope":[{slope},1.0,1.0]}}'
    return f'{{{sat}"asc_sop":{sop}}}'


def test_of_a_cut(tmp_path: Path) -> None:
    text = CUT.format(n=1, a=0, b=2) + "* FROM CLIP NAME: one\n" + SOP.format(0.9)
    text += "* ASC_SAT 0.85\n" + CUT.format(n=2, a=2, b=4) + "* FROM CLIP NAME: two\n"
    text += CUT.format(n=3, a=4, b=6) + "* FROM CLIP NAME: three\n* ASC_SAT: 1.5\n"
    read = _read(tmp_path, text)
    assert _grades(read) == {
        "one": _json(0.9, '"asc_sat":0.85,'),
        "two": None,
        "three": '{"asc_sat":1.5}',
    }
    # OpenTimelineIO's own reader of the format agrees.
    theirs = otio.adapters.read_from_file(str(tmp_path / "cut.edl"), rate=24)
    one, *_ = theirs.find_clips()
    assert list(one.metadata["cdl"]["asc_sop"]["slope"]) == [0.9, 1, 1]
    assert one.metadata["cdl"]["asc_sat"] == 0.85


def test_of_both_sides_of_a_dissolve(tmp_path: Path) -> None:
    """Both are below the second line, each behind the name that it is of."""
    text = CUT.format(n=1, a=0, b=2) + "001  R2 V     D    012 01:00:05:00 01:00:07:00 "
    text += "00:00:02:00 00:00:04:00\n* FROM CLIP NAME: one\n" + SOP.format(0.5)
    text += "* TO CLIP NAME: two\n" + SOP.format(2.0)
    assert _grades(_read(tmp_path, text)) == {"one": _json(0.5), "two": _json(2.0)}


def test_what_is_no_decision_is_a_note(tmp_path: Path) -> None:
    text = CUT.format(n=1, a=0, b=2) + "* FROM CLIP NAME: one\n* ASC_SOP (1 1 1)(0 0)(1 1 1)\n"
    read = _read(tmp_path, text)
    assert _grades(read) == {"one": None}
    assert any("its ASC comments are no colour decision" in note for note in read.warnings)
