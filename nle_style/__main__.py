"""`nle-style` and `python -m nle_style`: the command line as a program of its own."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from nle_style.render.farm import SERVE, Program, end_with, run_preloaded

__all__ = ["program"]


def program() -> NoReturn:
    """Run the command line, or have it run where everything is loaded, and end the process."""
    if sys.argv[1:3] == list(SERVE):
        end_with(_serve)
    code = run_preloaded(sys.argv[1:]) if sys.argv[1:2] == ["run"] else None
    if code is not None:
        os._exit(code)
    end_with(_run)


def _run() -> None:
    from nle_style.cli.main import main

    main()


def _serve() -> None:
    from nle_style.render.farm import serve_preloaded

    serve_preloaded(int(sys.argv[3]), Path(sys.argv[4]), _load)


def _load() -> Program:
    """All that any step of a farm's job loads."""
    from nle_style.apply import use_huge_pages

    use_huge_pages()
    from nle_style.apply.engine import openvino_engine  # noqa: F401  (before OpenVINO, see there)
    from nle_style.cli.main import main

    with contextlib.suppress(ImportError):
        import openvino  # noqa: F401
    return main


if __name__ == "__main__":
    program()
