"""The public names of the package and of each of its folders, pinned in tests/data.

A name that comes, goes or moves changes public_names.yaml too, where a reviewer sees it.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

from scripts.house import house_of

ROOT = Path(__file__).resolve().parents[1]
PINNED = yaml.safe_load((ROOT / "tests" / "data" / "public_names.yaml").read_text())
FOLDERS = sorted(house_of(ROOT / "nle_style").folders)


def test_every_folder_is_pinned() -> None:
    assert sorted(PINNED) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_names_of_a_folder(folder: str) -> None:
    loaded = importlib.import_module(folder)
    assert sorted(loaded.__all__) == PINNED[folder].split()
    for name in loaded.__all__:
        assert getattr(loaded, name) is not None
