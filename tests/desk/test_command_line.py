"""`nle-style desk`: what it refuses before it serves anything."""

from __future__ import annotations

import socket
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.desk.review.cuts import write_cut

WITHOUT = "import sys; sys.modules[{name!r}] = None; from nle_style.cli.main import main; main()"


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cut(tmp_path_factory.mktemp("cut"), Fraction(24))


def desk(*arguments: str | Path, without: str = "nothing") -> subprocess.CompletedProcess[str]:
    code = WITHOUT.format(name=without)
    command = [sys.executable, "-c", code, "desk", *map(str, arguments), "--no-browser"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(package: str, cut: Path, tmp_path: Path) -> None:
    ended = desk(cut, "-o", tmp_path / "out", without=package)
    assert ended.returncode == 2
    assert f"needs {package}" in ended.stderr
    assert "pip install 'nle-style[desk]'" in ended.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["other.mov"], "a timeline is given together with other files"),
        (["--style", "bleu"], "unknown style 'bleu'"),
        (["--style", "0: blue, 4: fire"], "a look that changes"),
        (["--strength", "0.5"], "no --style that it is for"),
    ],
)
def test_what_cannot_be_opened_is_one_message(
    more: list[str], message: str, cut: Path, tmp_path: Path
) -> None:
    ended = desk(cut, *more, "-o", tmp_path / "out")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_port_that_is_taken_is_said(cut: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = desk(cut, "-o", tmp_path / "out", "--port", str(port))
    assert ended.returncode == 2
    assert f"port {port} is taken" in ended.stderr
