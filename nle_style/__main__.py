"""`python -m nle_style`: the command line."""

from __future__ import annotations

from nle_style.cli.main import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
