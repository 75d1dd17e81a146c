"""Nuke's stand-in with the plugin loaded in it, as `init.py` does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.plugins.nuke.doubles.fake_nuke import Studio
from tests.plugins.nuke.doubles.session import PLUGIN, PYTHON, WORKER, Session, Start


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Start:
    """Start Nuke: `start(command=None, mode="ok", views=[...], frames=(1, 3), gui=True)`.

    `command` is the worker's; without it `mode` is that of a worker without torch: "ok", "crash",
    "full" (disk) or "slow" (until it is cancelled).
    """

    def starting(
        command: list[str] | None = None,
        mode: str = "ok",
        views: tuple[str, ...] = ("main",),
        frames: tuple[int, int] = (1001, 1003),
        gui: bool = True,
    ) -> Session:
        if command is None:
            worker = tmp_path / "worker.py"
            worker.write_text(WORKER.replace("MODE", repr(mode)), encoding="utf-8")
            command = [PYTHON, str(worker)]
        installed = tmp_path / "nle_style_installation.json"
        installed.write_text(
            json.dumps({"command": command, "version": "0.1.0", "plugins": str(PLUGIN.parent)}),
            encoding="utf-8",
        )
        studio = Studio(gui)
        script = tmp_path / "comp_v001.nk"
        script.touch()
        studio.set_up(script, list(views), frames)
        for name in [n for n in sys.modules if n.split(".")[0] in ("nle_style_nuke", "nuke")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "nuke", studio.nuke)
        monkeypatch.setenv("NLE_STYLE_INSTALLATION", str(installed))
        monkeypatch.setattr(sys, "executable", "/usr/local/Nuke14.0v5/Nuke14.0")
        monkeypatch.syspath_prepend(str(PLUGIN))
        plugin = __import__("nle_style_nuke")
        plugin.register()
        return Session(studio, plugin, tmp_path)

    return starting
