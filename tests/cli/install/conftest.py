"""An installation of nle_style, for hosts to find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nle_style.cli.install.installation import Installation

HOSTILE = 'pla\'ce "of" é\\n{0} 日本'


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A program that says its version, and a folder of plugins of an awkward name."""
    program = tmp_path / "program.py"
    program.write_text("import sys\nassert sys.argv[1:] == ['--version']\nprint('1.2.3')\n")
    plugins = tmp_path / HOSTILE
    (plugins / "nuke").mkdir(parents=True)
    return Installation((sys.executable, str(program)), "1.2.3", str(plugins))
