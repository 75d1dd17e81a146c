"""The desk as a process, and its page in a Chromium, as an editor has them."""

from __future__ import annotations

import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import opentimelineio as otio
import yaml

from tests.helpers.clips import make_two_scenes
from tests.timeline.building import clip, timeline, track

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

__all__ = ["PATIENCE", "DeskProcess", "Window", "expect", "write_cut"]

PATIENCE = 90.0
"""Seconds for what takes one or two on a machine with nothing else to do."""


def expect(locator: Locator) -> Any:
    """What a part of the page must come to be, within `PATIENCE`."""
    # Where it is not installed the fixtures skip.
    from playwright.sync_api import expect as expected

    expected.set_options(timeout=1000 * PATIENCE)
    return expected(locator)


def write_cut(folder: Path) -> Path:
    """cut.otio: "first" and "second", 8 and 6 frames; "changing", whose markers ask for a look that
    changes; "lost", whose media are not there."""
    url = str(make_two_scenes(folder / "plain.mp4", 15, 30, size="192x108"))
    shots = [
        clip(name, (first, count), (0, 30), url=url, rate=25)
        for name, first, count in (("first", 2, 8), ("second", 18, 6), ("changing", 20, 6))
    ]
    begin = shots[2].source_range.start_time
    shots[2].markers.append(
        otio.schema.Marker("style: 0: red, 5: blue", otio.opentime.TimeRange(begin))
    )
    lost = clip("lost", (0, 5), (0, 30), url=str(folder / "gone.mp4"), rate=25)
    path = folder / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots, lost, name="V1")), str(path))
    return path


class DeskProcess:
    """`nle-style desk`, until the block ends.

    Args:
        arguments: of the command, beside the cut, the folder and `--no-browser`.
    """

    def __init__(self, cut: Path, folder: Path, *arguments: object) -> None:
        self.cut, self.folder = cut, folder
        words = [sys.executable, "-m", "nle_style", "desk", cut, "-o", folder, "--no-browser"]
        self._words = [str(word) for word in (*words, *arguments)]
        self._lines: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> Self:
        self.folder.mkdir(exist_ok=True)
        self._errors = (self.folder.parent / f"{self.folder.name}.stderr").open("a+")
        self._process = subprocess.Popen(
            self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()
        try:
            self._first: str | None = self._next_address()
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        assert self._process.wait(PATIENCE) >= 0
        self._reader.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            pipe.close()

    def address(self) -> str:
        """An address that opens one browser."""
        address, self._first = self._first, None
        if address is not None:
            return address
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._next_address()

    def looks(self) -> dict[str, dict[str, Any]]:
        """What looks.yaml says, by the names of the clips."""
        path = self.folder / "looks.yaml"
        rules = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
        return {rule["clip"]: rule for rule in rules or ()}

    def _read(self, pipe: IO[str]) -> None:
        for line in pipe:
            self._lines.put(line)

    def _next_address(self) -> str:
        while True:
            try:
                found = re.search(r"http://\S+", self._lines.get(timeout=PATIENCE))
            except queue.Empty:
                self._errors.seek(0)
                raise AssertionError(f"no address: {self._errors.read()}") from None
            if found:
                return found.group()


class Window:
    """A window on the desk.

    Attributes:
        page: as playwright has it.
        asked: the addresses of all requests that it made.
        faults: what went wrong in scripts, and what the content security policy stopped.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.faults: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self._hear(message.text))

    @classmethod
    @contextmanager
    def opened(cls, browser: Browser, address: str, **options: Any) -> Iterator[Self]:
        """A window of its own, with no cookie. It asks nothing of other machines, no script of it
        fails, and what was chosen in it is undone at the end."""
        options = {"viewport": {"width": 1366, "height": 768}, **options}
        page = browser.new_page(**options)
        page.set_default_timeout(1000 * PATIENCE)
        window = cls(page)
        try:
            page.goto(address)
            page.locator("#strip [aria-current]").wait_for()
            yield window
            page.evaluate(_UNDO_ALL)
        finally:
            page.close()
        assert {urlsplit(url).netloc for url in window.asked if not _is_inline(url)} == {
            urlsplit(address).netloc
        }
        assert window.faults == [], window.faults

    def shot(self, name: str) -> Locator:
        """A shot of the timeline strip."""
        return self.page.get_by_role("option").filter(has=self.page.get_by_text(name, exact=True))

    def look(self, style: str) -> Locator:
        """A tile of the grid of looks."""
        return self.page.locator(f'[role="radio"][data-style="{style}"]')

    def tab(self, name: str) -> Locator:
        """Choose, Render or Judge."""
        return self.page.get_by_role("tab", name=name)

    def button(self, name: str) -> Locator:
        """A button by the beginning of its name."""
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))

    def has_written(self, name: str, look: Mapping[str, Any] | None) -> None:
        """Wait until the desk has this look of a shot: what a slider sets is written when it has
        come to rest. Keys of the look that are not given may be anything."""
        self.page.evaluate(_WRITTEN, [name, look, PATIENCE])

    def barriers(self) -> list[tuple[str, str]]:
        """What axe calls serious or critical: the rule and the first element."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        return [
            (each["id"], str(each["nodes"][0]["target"]))
            for each in found
            if each["impact"] in ("serious", "critical")
        ]

    def _hear(self, text: str) -> None:
        if "Content Security Policy" in text or "Refused to" in text:
            self.faults.append(text)


_UNDO_ALL = """async () => {
    const post = (path) => fetch(path, {
        method: "POST", headers: {"Content-Type": "application/json"}, body: "{}",
    }).then((answer) => answer.json());
    let { can_undo } = await fetch("/api/project").then((answer) => answer.json());
    while (can_undo) ({ can_undo } = await post("/api/undo"));
}"""


_WRITTEN = """async ([name, wanted, patience]) => {
    const end = performance.now() + 1000 * patience;
    const sorted = (styles) => JSON.stringify(Object.entries(styles).sort());
    for (;;) {
        const { shots } = await fetch("/api/project").then((answer) => answer.json());
        const { look } = shots.find((shot) => shot.name === name);
        if (!look && !wanted) return;
        if (look && wanted && Object.entries(wanted).every(([key, value]) =>
            key === "styles" ? sorted(look.styles) === sorted(value) : look[key] === value)) return;
        if (performance.now() > end) throw new Error(`${name} has ${JSON.stringify(look)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}"""


def _is_inline(url: str) -> bool:
    return url.startswith(("data:", "blob:"))
