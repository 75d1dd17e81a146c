"""`plugins/client`, which every host shares, as a module of this package; see there."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

__all__ = ["client"]

_PACKAGE = __name__.rpartition(".")[0]

sys.modules[_PACKAGE].__path__.append(str(Path(__file__).resolve().parents[2]))
client: Any = importlib.import_module(".client", _PACKAGE)
