"""A desk in a process of its own, on a small cut, and a window on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.desk.page.driving import DeskProcess, Window, write_cut

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cut(tmp_path_factory.mktemp("cut"))


@pytest.fixture(scope="module")
def desk(
    cut: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskProcess]:
    """One desk for the tests of a file; each leaves it as it found it, by undo."""
    with DeskProcess(cut, tmp_path_factory.mktemp("desk"), "--pack", tiny_pack) as running:
        yield running


@pytest.fixture
def window(chromium: Browser, desk: DeskProcess) -> Iterator[Window]:
    with Window.opened(chromium, desk.address()) as shown:
        yield shown
