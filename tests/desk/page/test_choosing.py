"""Choosing looks in the page: with the mouse, with the keys, and what is written of it."""

from __future__ import annotations

import pytest

from tests.desk.page.driving import DeskProcess, Window, expect

pytestmark = pytest.mark.slow


def test_every_look_of_the_pack_is_shown_on_the_shot_itself(window: Window) -> None:
    tiles = window.page.locator("[data-style] img:not([hidden])")
    expect(tiles).to_have_count(4)
    first = tiles.evaluate_all(_PIXELS)
    assert len({*map(str, first)}) == 4
    window.shot("second").click()
    expect(window.page.get_by_role("heading", name="second")).to_be_visible()
    expect(tiles).to_have_count(4)
    assert not {*map(str, first)} & {*map(str, tiles.evaluate_all(_PIXELS))}


def test_a_look_is_chosen_blended_and_written(window: Window, desk: DeskProcess) -> None:
    window.look("red").click()
    expect(window.look("red")).to_have_attribute("aria-checked", "true")
    expect(window.shot("first")).to_contain_text("chosen")
    window.page.get_by_label("Blend with").select_option("blue")
    window.page.get_by_label("Share of the second").fill("30")
    expect(window.page.locator("output[for=share-of-the-second]")).to_have_text("blue 30%")
    window.page.get_by_label("Stroke scale").fill("1")
    window.page.get_by_label("source", exact=True).check(force=True)
    expect(window.page.locator("figcaption")).to_have_text(
        "red 70%, blue 30%, strokes ×2, source colour"
    )
    expect(window.page.get_by_role("figure")).to_have_attribute("aria-busy", "false")
    window.has_written("first", {"colour": "source", "stroke_scale": 2})
    # The blend is of red with blue still: what comes back is sorted by name.
    expect(window.page.locator("output[for=share-of-the-second]")).to_have_text("blue 30%")
    rule = desk.looks()["first"]
    assert rule["style"] == "blue:0.3,red:0.7 colour source"
    assert rule["stroke_scale"] == 2
    assert set(desk.looks()) == {"first"}


def test_strength_is_mixed_in_the_browser(window: Window) -> None:
    window.look("red").click()
    painted = window.page.locator(".stage .painted")
    expect(painted).to_be_visible()
    window.has_written("first", {"styles": {"red": 1}})
    expect(window.shot("first").locator("img:not([hidden])")).to_have_count(2)
    before = [url for url in window.asked if "/media/" in url]
    strength = window.page.get_by_label("Strength")
    assert strength.evaluate(_ANSWER) < 100
    expect(painted).to_have_css("opacity", "0.4")
    window.has_written("first", {"strength": 0.4})
    assert [url for url in window.asked if "/media/" in url] == before


def test_a_look_is_copied_to_what_is_selected_with_the_mouse(window: Window) -> None:
    window.look("green").click()
    window.shot("second").click(modifiers=["Shift"])
    expect(window.shot("second")).to_have_attribute("aria-selected", "true")
    window.button("Copy to the other shot").click()
    window.has_written("second", {"styles": {"green": 1}})
    window.button("Undo").click()
    window.has_written("second", None)
    window.has_written("first", {"styles": {"green": 1}})
    window.button("Redo").click()
    window.has_written("second", {"styles": {"green": 1}})


def test_everything_is_done_by_keys(window: Window) -> None:
    press = window.page.keyboard.press
    expect(window.page.locator("[data-style] img:not([hidden])")).to_have_count(4)
    style = window.page.locator("[data-style]").nth(2).get_attribute("data-style")
    press("2")
    press("Minus")
    press("Minus")
    window.has_written("first", {"styles": {style: 1}, "strength": 0.9})
    press("ControlOrMeta+c")
    press("ArrowDown")
    expect(window.page.get_by_role("heading", name="second")).to_be_visible()
    window.shot("second").focus()
    press("Shift+ArrowRight")
    expect(window.shot("changing")).to_have_attribute("aria-selected", "true")
    press("ControlOrMeta+v")
    window.has_written("second", {"styles": {style: 1}, "strength": 0.9})
    window.has_written("changing", {"styles": {style: 1}, "strength": 0.9})
    press("ControlOrMeta+z")
    window.has_written("second", None)
    press("ControlOrMeta+Shift+z")
    window.has_written("second", {"styles": {style: 1}})
    press("Delete")
    window.has_written("second", None)
    press("ArrowUp")
    expect(window.page.get_by_role("heading", name="first")).to_be_visible()
    # The looks that the cut has come first now.
    expect(window.page.locator("[data-style] img:not([hidden])")).to_have_count(4)
    other = window.page.locator("[data-style]").nth(3).get_attribute("data-style")
    press("Shift+3")
    window.has_written("first", {"styles": {style: 0.5, other: 0.5}})
    press("?")
    expect(window.page.get_by_role("dialog", name="Keys")).to_be_visible()
    press("Escape")
    press("r")
    expect(window.tab("Render")).to_have_attribute("aria-selected", "true")
    press("Escape")
    expect(window.tab("Choose")).to_have_attribute("aria-selected", "true")


def test_shots_are_added_and_taken_out_by_keys(window: Window) -> None:
    press = window.page.keyboard.press
    window.shot("first").focus()
    press("ControlOrMeta+ArrowRight")
    press("ControlOrMeta+ArrowRight")
    press("ControlOrMeta+Space")
    selected = window.page.locator("#strip [aria-selected=true] b")
    expect(selected).to_have_text(["first", "changing"])
    expect(window.button("Copy to the other shot")).to_be_enabled()
    press("ControlOrMeta+a")
    expect(selected).to_have_count(4)
    press("ControlOrMeta+Space")
    expect(selected).to_have_text(["first", "second", "lost"])


def test_two_looks_side_by_side(window: Window) -> None:
    window.look("red").click()
    window.page.keyboard.press("c")
    window.page.get_by_label("Look on the right").select_option("blue")
    captions = window.page.locator("figcaption")
    expect(captions).to_have_text(["red", "blue"])
    pictures = window.page.locator(".stage .painted:not([hidden])")
    expect(pictures).to_have_count(2)
    left, right = pictures.evaluate_all(_PIXELS)
    assert left != right
    window.button("Take the right one").click()
    window.has_written("first", {"styles": {"blue": 1}})
    window.page.keyboard.press("c")
    expect(captions).to_have_text(["blue"])


def test_the_frames_of_a_shot(window: Window) -> None:
    number = window.page.locator("output.time")
    source = window.page.locator(".stage img").first
    expect(number).to_have_text("frame 6")
    expect(source).to_be_visible()
    window.page.get_by_label("Frame", exact=True).fill("0")
    expect(number).to_have_text("frame 2")
    expect(source).to_have_attribute("alt", "first, frame 2, source")
    window.page.keyboard.press("s")
    expect(window.button("Source")).to_have_attribute("aria-pressed", "true")
    expect(window.page.locator(".film img:not([hidden])")).to_have_count(8)
    window.page.locator(".film img").nth(7).click()
    expect(number).to_have_text("frame 9")
    expect(source).to_have_attribute("alt", "first, frame 9, source")
    expect(window.page.locator(".film .here")).to_have_count(1)


def test_a_refused_shot_says_why_and_what_helps(window: Window) -> None:
    window.shot("lost").click()
    words = window.page.locator(".word")
    expect(words).to_contain_text("gone.mp4")
    expect(words).to_contain_text("mount its volume")
    expect(window.shot("lost")).to_contain_text("refused")


def test_a_look_that_changes_is_shown_and_kept(window: Window, desk: DeskProcess) -> None:
    window.shot("changing").click()
    expect(window.page.locator(".word")).to_contain_text("changes over the shot: red to blue")
    expect(window.button("Copy to other shots")).to_be_disabled()
    window.shot("first").click()
    window.look("red").click()
    window.has_written("first", {"styles": {"red": 1}})
    assert set(desk.looks()) == {"first"}
    expect(window.shot("changing")).to_contain_text("red to blue")


_PIXELS = """(images) => images.map((image) => {
    const canvas = new OffscreenCanvas(8, 8).getContext("2d");
    canvas.drawImage(image, 0, 0, 8, 8);
    return [...canvas.getImageData(0, 0, 8, 8).data];
})"""

_ANSWER = """async (slider) => {
    const begun = performance.now();
    slider.value = 40;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - begun;
}"""
