"""What stands in for the hosts: interpreters at hand, and a plugin for Resolve's script."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from nle_style.cli.install.installation import Installation

__all__ = ["pythons", "resolve_package"]


def pythons(*names: str) -> list[Any]:
    """Interpreters of these versions: pyenv's, else those on the path, else a skip."""
    found = []
    for name in names:
        kept = sorted(Path.home().glob(f".pyenv/versions/{name}.*/bin/python"))
        place = str(kept[-1]) if kept else shutil.which(f"python{name}")
        missing = pytest.mark.skipif(place is None, reason=f"there is no Python {name} here")
        found.append(pytest.param(place or "", id=name, marks=missing))
    return found


MENU = """
import json
def run(names):
    data = names["NLE_STYLE_INSTALLATION"]
    print(json.dumps([data["command"], data["version"], data["plugins"], names.get("resolve")]))
"""


def resolve_package(installation: Installation, menu: str = MENU) -> None:
    package = Path(installation.plugins) / "resolve" / "nle_style_resolve"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "menu.py").write_text(menu)
