"""`nle-style` and `python -m nle_style`: the command line as a program of its own."""

from __future__ import annotations

import os
import sys

from nle_style.cli.main import main

__all__ = ["program"]


def program() -> None:
    """Run the command line and end the process with its exit code.

    The process ends at once: taking torch's modules apart object by object costs most of a second,
    which every task of a farm would pay. What is written is flushed; nothing waits for an `atexit`.
    """
    try:
        main()
        code = 0
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            raise
        code = end.code or 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    program()
