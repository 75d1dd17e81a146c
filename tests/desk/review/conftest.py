"""A page, and a review folder whose pictures say which frames they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nle_style.desk.review import read_entries, write_review
from tests.desk.review.cuts import render_cut, write_cut
from tests.helpers.stamps import make_clip

PAINTED = 9


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A page of 1366x768. Whatever it asks for beyond the disk, and every error, fails the test."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(90_000)  # on a busy machine; else all is there in a second
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "blob:")) else faults.append(asked.url)
        ),
    )
    opened.faults = faults
    yield opened
    context.close()
    assert faults == []


@pytest.fixture(scope="session")
def reviewed(
    tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Fraction], Path]:
    """The folder of a cut at a rate, with its review. Its intermediates are clip `PAINTED`, which
    counts from its own first frame: two before the clip's."""
    made: dict[Fraction, Path] = {}

    def of(rate: Fraction = Fraction(24)) -> Path:
        if rate not in made:
            folder = tmp_path_factory.mktemp("reviewed")
            cut, out = write_cut(folder, rate), folder / "out"
            render_cut(cut, tiny_pack, out, {"red": 1.0}, handles=2)
            for entry in read_entries(out, cut):
                make_clip(entry.intermediate, PAINTED, entry.count + 4, rate)
            write_review(out, cut)
            made[rate] = out
        return made[rate]

    return of
