"""The page in each of its states: without barriers, quiet, and back after the desk was away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk.page.driving import DeskProcess, Window, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.slow


def test_no_state_has_a_barrier(window: Window) -> None:
    page = window.page
    pictures = page.locator("[data-style] img:not([hidden])")
    expect(pictures).to_have_count(4)
    assert window.barriers() == []
    window.look("red").click()
    page.get_by_label("Blend with").select_option("blue")
    window.shot("second").click(modifiers=["Shift"])
    page.keyboard.press("c")
    expect(page.locator(".stage .painted:not([hidden])")).to_have_count(2)
    assert window.barriers() == []
    page.keyboard.press("c")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert window.barriers() == []
    page.keyboard.press("Escape")
    window.shot("lost").click()
    expect(page.locator(".word.refused")).to_be_visible()
    expect(page.locator(".stage .words").first).to_contain_text("gone.mp4")
    assert window.barriers() == []
    window.tab("Judge").click()
    expect(window.button("Go to Render")).to_be_visible()
    assert window.barriers() == []
    window.button("Go to Render").click()
    expect(window.button("Render 1")).to_be_enabled()
    assert window.barriers() == []


def test_what_is_refused_is_told_and_put_away(window: Window) -> None:
    window.page.route("**/api/looks", lambda route: route.fulfill(status=400, json=_REFUSED))
    window.look("red").click()
    notice = window.page.get_by_role("alert")
    expect(notice).to_contain_text("the disk is full")
    # What was not written is not shown as if it were.
    expect(window.look("red")).to_have_attribute("aria-checked", "false")
    assert window.barriers() == []
    window.button("Dismiss").click()
    expect(notice).to_be_empty()


def test_a_picture_that_cannot_be_painted_says_why(window: Window) -> None:
    window.page.route("**/media/painted/**", lambda route: route.fulfill(status=400, json=_REFUSED))
    window.look("red").click()
    expect(window.page.locator(".stage .words")).to_have_text(_REFUSED["error"])
    expect(window.page.get_by_role("figure")).to_have_attribute("aria-busy", "false")
    window.has_written("first", {"styles": {"red": 1}})
    assert window.barriers() == []


def test_a_cut_that_cannot_be_read_says_why(chromium: Browser, desk: DeskProcess) -> None:
    with Window.opened(chromium, desk.address()) as window:
        window.page.route("**/api/project", lambda route: route.fulfill(status=400, json=_REFUSED))
        window.page.goto(window.page.url)
        expect(window.page.locator("#wait")).to_contain_text(_REFUSED["error"])
        assert window.barriers() == []
        window.page.unroute("**/api/project")
        window.button("Try again").click()
        expect(window.shot("first")).to_be_visible()


def test_a_pane_chosen_before_the_cut_is_read_is_shown_then(
    chromium: Browser, desk: DeskProcess
) -> None:
    with Window.opened(chromium, desk.address()) as window:
        held: list[Route] = []
        window.page.route("**/api/project", lambda route: held.append(route))
        with window.page.expect_request("**/api/project"):
            window.page.goto(window.page.url)
        window.tab("Render").click()
        window.page.keyboard.press("ArrowDown")
        held[0].continue_()
        window.page.unroute("**/api/project")
        expect(window.button("Render")).to_be_visible()
        expect(window.page.locator(".totals")).to_contain_text("6 frames to paint")
        expect(window.tab("Render")).to_have_attribute("aria-selected", "true")


def test_a_picture_that_is_not_wanted_any_more_is_given_up(window: Window) -> None:
    given_up: list[str] = []
    window.page.on("requestfailed", lambda request: given_up.append(request.url))
    window.page.route("**/media/painted/**h=540**styles=red*", lambda route: None)
    with window.page.expect_request("**/media/painted/**h=540**"):
        window.look("red").click()
    window.look("blue").click()
    expect(window.page.get_by_role("figure")).to_have_attribute("aria-busy", "false")
    expect(window.page.locator(".stage .painted")).to_be_visible()
    window.has_written("first", {"styles": {"blue": 1}})
    assert any("styles=red" in url for url in given_up)
    window.page.unroute_all(behavior="ignoreErrors")


def test_a_page_that_nobody_touches_does_nothing(window: Window) -> None:
    expect(window.page.locator("[data-style] img:not([hidden])")).to_have_count(4)
    expect(window.page.locator(".film img[src]")).to_have_count(8)
    expect(window.page.locator("#strip img:not([hidden])")).to_have_count(3)
    window.page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished))")
    asked = list(window.asked)
    session = window.page.context.new_cdp_session(window.page)
    session.send("Performance.enable")
    busy = []
    for _ in range(2):
        metrics = session.send("Performance.getMetrics")["metrics"]
        busy.append(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))
        window.page.wait_for_timeout(1500)
    assert busy[1] - busy[0] < 0.05
    assert window.asked == asked


def test_the_page_waits_for_a_desk_that_is_away(
    chromium: Browser, cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    away = DeskProcess(cut, tmp_path / "out", "--pack", tiny_pack)
    with away:
        page = chromium.new_page()
        page.goto(away.address())
        window = Window(page)
        expect(window.shot("first")).to_be_visible()
        port = page.url.rpartition(":")[2].strip("/")
    expect(page.locator("#connection")).to_contain_text("does not answer")
    assert window.barriers() == []
    with DeskProcess(cut, tmp_path / "out", "--pack", tiny_pack, "--port", port) as back:
        expect(page.locator("#connection")).to_contain_text("Open the address that it printed")
        page.goto(back.address())
        expect(window.shot("first")).to_be_visible()
        expect(page.locator("#connection")).to_be_empty()
        page.close()


_REFUSED = {"error": "looks.yaml: the disk is full. Free some space."}
