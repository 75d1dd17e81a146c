"""Shell completion, as bash asks for it: what it offers, and that torch is not loaded for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_ASK = """
import sys
sys.argv[0] = "nle-style"
from nle_style.cli.main import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(str("torch" in sys.modules))
"""


def completed(line: str) -> list[str]:
    """What bash is given at the end of a line."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_NLE_STYLE_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", _ASK], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == "False"
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("nle-style render a.mov --style gr", ["green"]),
        ("nle-style render a.mov --style blue,fi", ["blue,fire"]),
        ("nle-style batch a.otio --style da", ["dark"]),
        ("nle-style render a.mov --pack nowhere --style gr", []),
        ("nle-style render a.mov --format pn", ["png-mov", "png"]),
        ("nle-style render a.mov --depth h", ["half"]),
        ("nle-style styles --pack po", ["posters"]),
        ("nle-style batch a.otio --only tr", ["track="]),
        ("nle-style inf", ["info"]),
    ],
)
def test_what_is_offered(line: str, wanted: list[str]) -> None:
    assert completed(line) == wanted
