"""The files of the matrix, made once for a process of tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.matrix.files import make
from tests.media.matrix.rows import ROWS


@pytest.fixture(scope="session")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The file of each row, by its name."""
    return make(ROWS, tmp_path_factory.mktemp("matrix"))
