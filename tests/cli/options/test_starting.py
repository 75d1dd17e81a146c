"""Commands that paint nothing start without torch, whose import takes seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

_ASKED = """
import sys
from nle_style.cli.main import main
try:
    main()
finally:
    print("torch" in sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["render", "--help"], ["batch", "--help"], ["styles"],
     ["styles", "--json"]],
    ids=" ".join,
)  # fmt: skip
def test_without_torch(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKED, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout
    assert done.stderr.splitlines()[-1] == "False"
