"""The demo's timeline from its first look to its approval, and the same cut by the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.desk.page.driving import DeskProcess, Window, expect
from tests.helpers.command import nle_style

pytestmark = pytest.mark.slow

DEMO = Path(__file__).parents[3] / "examples" / "demo.otio"


@pytest.fixture(scope="module")
def cut() -> Path:
    return DEMO


def test_chosen_rendered_judged_and_exported(
    window: Window, desk: DeskProcess, tiny_pack: Path, tmp_path: Path
) -> None:
    page = window.page
    # Two shots get a blend of two looks, at less than full strength.
    window.look("red").click()
    page.get_by_label("Blend with").select_option("blue")
    page.get_by_label("Share of the second").fill("40")
    page.get_by_label("Strength").fill("80")
    page.get_by_label("Stroke scale").fill("1")
    look = {"styles": {"red": 0.6, "blue": 0.4}, "strength": 0.8, "stroke_scale": 2}
    window.has_written("waking", look)
    window.shot("looking up").click(modifiers=["ControlOrMeta"])
    window.button("Copy to the other shot").click()
    window.has_written("looking up", look)

    # Rendered, stopped in the middle, and gone on with.
    window.tab("Render").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".totals")).to_contain_text("26 frames to paint, about")
    window.button("Render 26 frames").click()
    expect(page.locator(".progress")).to_have_text(re.compile(r"[1-9]\d* of 26 frames"))
    window.button("Cancel").click()
    expect(page.locator(".ending")).to_contain_text("Stopped")
    page.reload()
    window.tab("Render").click()
    window.button("Render").click()
    assert window.barriers() == []
    expect(page.locator(".ending")).to_contain_text("2 clips styled")
    expect(page.locator(".totals")).to_have_text("All of it is rendered.")

    # Wiped and approved.
    window.tab("Judge").click()
    expect(page.locator(".judge .number")).to_contain_text("of 16")
    page.keyboard.press("3")
    wipe = page.get_by_role("slider", name="Wipe")
    expect(wipe).to_have_attribute("aria-valuenow", "50")
    page.keyboard.press("-")
    expect(wipe).to_have_attribute("aria-valuenow", "45")
    page.keyboard.press("a")
    expect(window.shot("waking")).to_contain_text("approved")
    assert window.barriers() == []
    window.shot("looking up").click()
    expect(page.locator(".judge .number")).to_contain_text("of 10")
    page.keyboard.press("n")
    page.keyboard.type("too red")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(window.shot("looking up")).to_contain_text("sent back")
    expect(window.shot("waking")).to_contain_text("approved")

    # Handed on.
    with page.expect_download() as download:
        page.get_by_role("link", name="Notes as CSV").click()
    table = download.value.path().read_text(encoding="utf-8-sig")
    assert re.search(r"waking.*approved", table)
    assert re.search(r"looking up.*sent back.*too red", table)
    window.button("Markers into a timeline").click()
    expect(page.locator(".judging .hint")).to_contain_text("demo.review.otio")
    assert "too red" in (desk.folder / "demo.review.otio").read_text(encoding="utf-8")

    other = tmp_path / "elsewhere"
    looks = desk.folder / "looks.yaml"
    done = nle_style("batch", DEMO, "--map", looks, "-o", other, "--pack", tiny_pack)
    assert done.code == 0
    relinked = sorted(path.name for path in other.glob("demo.*.otio"))
    assert len(relinked) == 2
    for name in relinked:
        written = (other / name).read_text(encoding="utf-8")
        assert (desk.folder / name).read_text(encoding="utf-8") == written.replace(
            str(other), str(desk.folder)
        )
