"""The page of a review folder in a real browser, opened from the disk."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nle_style.desk.review import Verdicts, read_entries
from nle_style.desk.review.folder import _page
from tests.desk.review.conftest import PAINTED
from tests.helpers.command import nle_style
from tests.helpers.stamps import Stamp, read_stamp, stamped

pytestmark = pytest.mark.slow

FILM = Fraction(24000, 1001)
FIRST, BEFORE = 5, 3  # the frame that the clip shows first; the intermediate begins at frame 3
Reviewed = Callable[[Fraction], Path]


def _open(page: Any, folder: Path) -> None:
    page.goto((folder / "review" / "index.html").as_uri())
    _at(page, FIRST)


def _at(page: Any, frame: int) -> None:
    page.locator(".judge .number", has_text=f"Frame {frame} ").wait_for()


def _picture(page: Any) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB"))


def _seen(page: Any, mode: str) -> Stamp | None:
    page.keyboard.press(mode)
    return read_stamp(_picture(page))


def _bits(picture: np.ndarray) -> list[int]:
    """The upper row of a stamp's 24 blocks."""
    columns = ((np.arange(24) + 0.5) * picture.shape[1] / 24).astype(int)
    return [int(value > 127) for value in picture[picture.shape[0] // 4, columns].mean(axis=1)]


def test_it_wipes_and_steps_with_the_number_of_what_is_seen(page: Any, reviewed: Reviewed) -> None:
    _open(page, reviewed(Fraction(24)))
    box = page.locator("canvas").bounding_box()
    middle = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, middle, steps=4)
    page.mouse.up()
    handle = page.get_by_role("slider", name="Wipe")
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(30, abs=0.2)
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    _at(page, FIRST + 5)
    assert page.locator(".judge .number").inner_text() == "Frame 10 · 6 of 8"
    # Three tenths lie in the block 7 of 24: the source is left of it, the painting right.
    wiped = _bits(_picture(page))
    source, painted = (_bits(stamped(*stamp)) for stamp in ((1, 10), (PAINTED, 10 - BEFORE)))
    assert source != painted
    assert (wiped[:7], wiped[8:]) == (source[:7], painted[8:])
    assert _seen(page, "1") == (1, 10)
    assert _seen(page, "2") == (PAINTED, 10 - BEFORE)
    page.keyboard.press("4")
    assert _bits(_picture(page)) == [a ^ b for a, b in zip(source, painted, strict=True)]
    page.keyboard.press("3")
    page.keyboard.press("-")
    assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(25, abs=0.2)
    handle.focus()
    page.keyboard.press("End")
    assert _bits(_picture(page))[:23] == source[:23]


@pytest.mark.parametrize("told", [True, False], ids=["told of frames", "by the clock"])
def test_every_frame_is_the_one_whose_number_is_shown(
    told: bool, page: Any, reviewed: Reviewed
) -> None:
    if not told:
        page.add_init_script("delete HTMLVideoElement.prototype.requestVideoFrameCallback")
    _open(page, reviewed(FILM))
    page.keyboard.press("1")
    seen = [read_stamp(_picture(page))]
    for frame in range(FIRST + 1, FIRST + 8):
        page.keyboard.press("ArrowRight")
        _at(page, frame)
        seen.append(read_stamp(_picture(page)))
    assert seen == [(1, frame) for frame in range(FIRST, FIRST + 8)]
    page.keyboard.press("Home")
    _at(page, FIRST)
    assert _seen(page, "2") == (PAINTED, FIRST - BEFORE)


def test_it_plays_within_its_loop(page: Any, reviewed: Reviewed) -> None:
    _open(page, reviewed(Fraction(24)))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    _at(page, 7)
    page.keyboard.press("i")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    _at(page, 9)
    page.keyboard.press("o")
    assert page.locator(".judge .looped").inner_text() == "Loop 7–9"
    page.evaluate(
        "window.seen = []; new MutationObserver(() =>"
        " seen.push(document.querySelector('.judge .number').textContent))"
        ".observe(document.querySelector('.judge .number'), {childList: true})"
    )
    page.keyboard.press(" ")
    # Not `wait_for_function`: the page lets nobody evaluate a text.
    for _ in range(200):
        if page.evaluate("seen.length > 8"):
            break
        page.wait_for_timeout(100)
    page.keyboard.press(" ")
    seen = page.evaluate("seen")
    assert {text.split()[1] for text in seen} <= {"7", "8", "9"}
    assert len({text.split()[1] for text in seen}) > 1
    page.wait_for_timeout(300)
    number = int(page.locator(".judge .number").inner_text().split()[1])
    assert _seen(page, "1") == (1, number)
    page.keyboard.press("u")
    assert page.locator(".judge .looped").inner_text() == ""


def test_what_is_said_comes_back_by_a_file(page: Any, reviewed: Reviewed, tmp_path: Path) -> None:
    out = reviewed(FILM)
    _open(page, out)
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    _at(page, 20)
    page.keyboard.press("ArrowRight")
    _at(page, 21)
    page.keyboard.press("n")
    page.keyboard.type("softer, abs 1")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.get_by_text("1 of 2 approved, 1 sent back").wait_for()
    # A browser that is opened again still has it.
    page.reload()
    _at(page, FIRST)
    page.get_by_text("1 of 2 approved, 1 sent back").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Save notes").click()
    assert coming.value.suggested_filename == "cut.notes.json"
    coming.value.save_as(tmp_path / "notes.json")
    done = nle_style("review", out, "--notes", tmp_path / "notes.json")
    assert (done.code, done.err) == (0, "")
    assert [Path(line).name for line in done.out.splitlines()[1:]] == [
        *("cut.review.csv", "cut.review.otio"),
    ]
    flower, crowd = map(Verdicts(out / "cut.review.json").of, read_entries(out, Path("cut.otio")))
    assert (flower.verdict, flower.note) == ("approved", "")
    assert (crowd.verdict, crowd.note, crowd.frame) == ("sent back", "softer, abs 1", 21)


def test_two_tabs_say_what_either_is_told(page: Any, reviewed: Reviewed) -> None:
    out = reviewed(FILM)
    _open(page, out)
    other = page.context.new_page()
    _open(other, out)
    page.keyboard.press("a")
    other.get_by_text("1 of 2 approved, 0 sent back").wait_for()
    other.keyboard.press("ArrowDown")
    _at(other, 20)
    other.keyboard.press("b")
    page.get_by_text("1 of 2 approved, 1 sent back").wait_for()
    assert page.locator(".judge .word").all_inner_texts() == ["Approved", "Sent back"]
    page.reload()
    _at(page, FIRST)
    page.get_by_text("1 of 2 approved, 1 sent back").wait_for()


def test_a_still_is_shown_at_full_size(page: Any, reviewed: Reviewed) -> None:
    _open(page, reviewed(Fraction(24)))
    page.keyboard.press("1")
    page.keyboard.press("f")
    page.get_by_text("Still of frame 8, 192 × 32").wait_for()
    assert read_stamp(_picture(page)) == (1, 8)
    assert _seen(page, "2") == (PAINTED, 8 - BEFORE)
    page.keyboard.press("f")
    _at(page, 8)
    assert _seen(page, "2") == (PAINTED, 8 - BEFORE)


CLIP: dict[str, Any] = {
    "id": "c0",
    "clip_id": "0",
    "painting": "77",
    "name": "flower",
    "track": "V1",
    "timeline": None,
    "frames": [5, 12],
    "numbers": [5, 12],
    "count": 8,
    "rate": [24, 1],
    "width": 192,
    "height": 32,
    "look": "blue",
    "checked": 8,
    "steadiness": [],
    "notes": [],
    "verdict": None,
    "note": "",
    "note_frame": None,
    "proxy": "media/x.webm",
    "stills": [],
}


def _made(page: Any, folder: Path, *clips: dict[str, Any], name: str = "cut.otio") -> None:
    (folder / "index.html").write_text(_page(Path(name), list(clips)), "utf-8")
    page.goto((folder / "index.html").as_uri())


def test_names_are_no_markup(page: Any, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=document.title='run'><!--<script>"
    _made(page, tmp_path, CLIP | {"name": evil, "note": evil, "notes": [evil]}, name="<b>&cut.otio")
    page.get_by_text("cannot be shown").wait_for()
    assert page.locator(".judge .shots b").inner_text() == evil
    assert page.locator("textarea").input_value() == evil
    assert page.locator("img").count() == 0
    assert page.title() == "Review of <b>&cut.otio"
    page.faults.clear()  # of the movie that is not there


def test_a_movie_that_is_missing_is_said(page: Any, tmp_path: Path) -> None:
    _made(page, tmp_path, CLIP)
    page.get_by_text("The pictures of this shot cannot be shown. Its file is missing").wait_for()
    assert page.get_by_role("button", name="Try again").is_visible()
    page.faults.clear()


def test_nothing_to_judge_is_said(page: Any, tmp_path: Path) -> None:
    _made(page, tmp_path)
    page.get_by_text("There is nothing to judge yet").wait_for()


def test_what_could_not_be_saved_is_said_and_kept(page: Any, tmp_path: Path) -> None:
    _made(page, tmp_path, CLIP)
    page.get_by_text("cannot be shown").wait_for()
    page.evaluate(
        "() => { const set = Map.prototype.set; Map.prototype.set = function (key, value) {"
        " if (key === '0') throw new Error('the disk is full');"
        " return set.call(this, key, value) } }"
    )
    page.locator("textarea").fill("softer")
    page.locator("textarea").blur()
    page.get_by_text("Not saved (flower): the disk is full").wait_for()
    assert page.locator("textarea").input_value() == "softer"
    assert page.locator(".judge .word").inner_text() == ""
    page.faults.clear()


def test_it_fits_a_small_screen_and_is_read_aloud(page: Any, reviewed: Reviewed) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe")
    _open(page, reviewed(Fraction(24)))
    assert page.evaluate("[document.body.scrollHeight, document.body.scrollWidth]") == [768, 1366]
    for name in ("Play", "Approve", "Send back", "Difference", "Save notes", "Whole shot"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["y"] + box["height"] <= 768
        assert box["x"] + box["width"] <= 1366
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    for _ in range(2):
        found = axe.Axe().run(page).response["violations"]
        assert json.dumps([each["id"] for each in found if each["impact"] != "minor"]) == "[]"
        page.keyboard.press("Escape")
