"""How long the desk lets an editor wait, in a real Chromium, on the demo's timeline.

    python benchmarks/desk.py [--json] [--chromium /usr/bin/chromium]
    python benchmarks/desk.py --pictures docs/pictures

Times are from the page being opened, or from the key being pressed, to the picture being seen. Idle
is five seconds in which nobody touches the page. Exit code 1 where a limit is missed. With
`--pictures` the page's states are photographed for docs/desk.md instead; two shots are rendered for
that.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CUT = ROOT / "examples" / "demo.otio"
LOOKS = 10
IDLE = 5.0
PATIENCE = 120_000.0  # milliseconds
WIDTH, QUALITY = 1366, 78
ANSWER = """async (slider) => {
    const begun = performance.now();
    slider.value = 40;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return (performance.now() - begun) / 1000;
}"""


@dataclass(frozen=True)
class Measured:
    """One line of the table.

    Attributes:
        what: in words.
        value: seconds, or MiB.
        unit: "s" or "MiB".
        limit: that it should keep; None if there is none.
    """

    what: str
    value: float
    unit: str = "s"
    limit: float | None = None


@contextmanager
def desk_page(chromium: Path) -> Iterator[tuple[Page, str, int]]:
    """A page, the address to open in it, and the process id of the desk."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "nle_style", "desk", CUT, "-o", folder, "--no-browser"]
        desk = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            assert desk.stdout is not None
            address = re.search(r"http://\S+", desk.stdout.readline())
            assert address is not None
            page = browser.new_page(viewport={"width": WIDTH, "height": 768})
            page.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            yield page, address.group(), desk.pid
        finally:
            browser.close()
            desk.terminate()
            desk.communicate()


def measure(page: Page, address: str, desk: int) -> list[Measured]:
    """The whole table."""
    tiles = page.locator("[data-style]:not([data-style='']) img:not([hidden])")
    begun = time.perf_counter()
    page.goto(address)
    page.locator("#strip img").first.wait_for()
    first = time.perf_counter() - begun
    expect(page.locator("#strip img:not([hidden])")).to_have_count(5)
    thumbnails = time.perf_counter() - begun
    expect(tiles).to_have_count(LOOKS)
    looks = time.perf_counter() - begun

    begun = time.perf_counter()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="stretching", exact=True)).to_be_visible()
    expect(tiles).to_have_count(LOOKS)
    next_looks = time.perf_counter() - begun

    begun = time.perf_counter()
    page.keyboard.press("1")
    page.locator(".stage .painted").wait_for()
    large = time.perf_counter() - begun
    answer = page.get_by_label("Strength").evaluate(ANSWER)

    expect(page.get_by_role("figure")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#strip img:not([hidden])")).to_have_count(6)
    busy = page_seconds(page), process_seconds(desk)
    time.sleep(IDLE)
    idle = page_seconds(page) - busy[0], process_seconds(desk) - busy[1]
    return [
        Measured("the first thumbnail, from opening the page", first, limit=3),
        Measured("all five of the timeline, from opening the page", thumbnails),
        Measured("all ten looks of the first shot, from opening the page", looks, limit=10),
        Measured("all ten looks of the next shot", next_looks, limit=10),
        Measured("the large picture of a look", large),
        Measured("an answer of the strength slider", answer, limit=0.1),
        Measured(f"processor time of the page in {IDLE:g} s idle", idle[0], limit=0.05),
        Measured(f"processor time of the desk in {IDLE:g} s idle", idle[1], limit=0.05),
        Measured("memory of the desk at its most", most_memory(desk), "MiB"),
    ]


def page_seconds(page: Page) -> float:
    """Processor time that the page has taken."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def process_seconds(process: int) -> float:
    """Processor time that a process has taken (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_memory(process: int) -> float:
    """The most memory that a process has held, in MiB (Linux)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


def photograph(page: Page, address: str, folder: Path) -> None:
    """The page's states, as desk_*.jpg."""

    def take(name: str) -> None:
        image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        image.save(folder / f"desk_{name}.jpg", quality=QUALITY, optimize=True, progressive=True)

    def button(name: str) -> None:
        page.get_by_role("button", name=re.compile(f"^{name}")).click()

    def painted() -> None:
        for figure in page.get_by_role("figure").all():
            expect(figure).to_have_attribute("aria-busy", "false")
        expect(page.locator("[aria-busy=true]")).to_have_count(0)

    page.goto(address)
    page.locator('[data-style="fire"]').click()
    page.get_by_label("Blend with").select_option("blue")
    page.get_by_label("Share of the second").fill("30")
    page.get_by_label("Strength").fill("90")
    page.get_by_label("Stroke scale").fill("0.5")
    expect(page.locator("figcaption")).to_contain_text("×1.41")
    page.locator("#strip li").nth(2).click(modifiers=["ControlOrMeta"])
    painted()
    take("choose")
    button("Copy to the other shot")
    expect(page.locator("#strip li").nth(2)).to_contain_text("chosen")
    page.keyboard.press("c")
    page.get_by_label("Look on the right").select_option("snow")
    expect(page.locator(".stage .painted:not([hidden])")).to_have_count(2)
    painted()
    take("compare")
    page.get_by_role("tab", name="Render").click()
    button("Render 26 frames")
    expect(page.locator(".progress")).to_contain_text(re.compile("(9|1.) of 26"))
    take("render")
    expect(page.locator(".ending")).to_contain_text("2 clips styled")
    page.get_by_role("tab", name="Judge").click()
    expect(page.locator(".judge .number")).to_contain_text("of 16")
    page.keyboard.press("3")
    page.keyboard.press("a")
    expect(page.locator("#strip li").first).to_contain_text("approved")
    expect(page.locator(".judge .saved")).to_have_text("Saved")
    take("judge")


def main() -> int:
    """Measure, or take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pictures", type=Path, help="write the pictures of docs/desk.md here")
    parser.add_argument("--chromium", type=Path, default=Path("/usr/bin/chromium"))
    options = parser.parse_args()
    with desk_page(options.chromium) as (page, address, desk):
        if options.pictures is not None:
            photograph(page, address, options.pictures)
            return 0
        table = measure(page, address, desk)
    if options.json:
        print(json.dumps([asdict(line) for line in table]))
    else:
        for line in table:
            limit = "" if line.limit is None else f"  at most {line.limit:g} {line.unit}"
            print(f"{line.what:<55}{line.value:>9.2f} {line.unit}{limit}")
    return int(any(line.limit is not None and line.value > line.limit for line in table))


if __name__ == "__main__":
    sys.exit(main())
