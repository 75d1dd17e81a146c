"""What docs/reliability.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

_TESTS = Path(__file__).resolve().parent
_TEXT = (_TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
_NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", _TEXT)))


def test_every_promise_names_tests_that_are_there() -> None:
    assert len(_NAMED) > 40
    for file, test in _NAMED:
        path = _TESTS.parent / file if file.startswith("benchmarks/kills") else _TESTS / file
        assert path.is_file(), file
        assert f"def {test}(" in path.read_text(encoding="utf-8") or not test, (file, test)
