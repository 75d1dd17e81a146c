"""The methods that fusionscript-stubs 21.0.0 and the overlay beside this file list."""

from __future__ import annotations

import ast
import inspect
import sysconfig
from pathlib import Path

import pytest

__all__ = ["signatures"]

Signatures = dict[str, list[inspect.Signature]]


def signatures() -> Signatures:
    """ "Class.Method" -> its overloads; the overlay's take the place of the stubs'. Or a skip."""
    stubs = Path(sysconfig.get_path("purelib")) / "fusionscript-stubs" / "fusionscript.pyi"
    if not stubs.is_file():
        pytest.skip("fusionscript-stubs is not installed: pip install 'nle-style[test]'")
    return _read(stubs) | _read(Path(__file__).with_name("overlay.pyi"))


def _read(path: Path) -> Signatures:
    found: Signatures = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for each in node.body:
            if isinstance(each, ast.FunctionDef):
                found.setdefault(f"{node.name}.{each.name}", []).append(_signature(each))
    return found


def _signature(function: ast.FunctionDef) -> inspect.Signature:
    given = function.args
    optional = len(given.args) - len(given.defaults)
    parameters = [
        inspect.Parameter(
            argument.arg,
            inspect.Parameter.POSITIONAL_ONLY,
            default=None if index >= optional else inspect.Parameter.empty,
        )
        for index, argument in enumerate(given.args)
        if argument.arg != "self"
    ]
    if given.vararg:
        parameters.append(inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL))
    return inspect.Signature(parameters)
