"""Every method that is called exists, takes its arguments and has a minimum version; the fake has
no other."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from tests.plugins.resolve.conftest import PLUGIN
from tests.plugins.resolve.doubles import fake_resolve
from tests.plugins.resolve.doubles.stubs import Signatures, signatures

PLACE_OF_NAME = {"ask": 1, "can": 1, "minimum_text": 0}


def faults_in(source: str, known: Signatures, minimum: dict[str, tuple[int, ...]]) -> list[str]:
    """What is wrong with a source's calls; Resolve is called by `ask` and in no other way."""
    methods = {name.partition(".")[2] for name in known}
    faults = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        where = f"line {node.lineno}: {ast.unparse(node)}"
        # Only methods of Resolve's, and nobody's else's here, begin with a capital.
        if isinstance(node.func, ast.Attribute) and node.func.attr in methods:
            faults.append(f"{where} is not called by ask()")
        if not isinstance(node.func, ast.Name) or node.func.id not in PLACE_OF_NAME:
            continue
        place = PLACE_OF_NAME[node.func.id]
        name = node.args[place].value if isinstance(node.args[place], ast.Constant) else None
        if name not in known:
            faults.append(f"{where} is in no stubs")
        elif name not in minimum:
            faults.append(f"{where} has no minimum version")
        elif node.func.id == "ask" and not _binds(known[name], node.args[place + 1 :]):
            faults.append(f"{where} does not bind")
    return faults


def _binds(signatures: list[inspect.Signature], arguments: list[ast.expr]) -> bool:
    if any(isinstance(argument, ast.Starred) for argument in arguments):
        return False
    for signature in signatures:
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return True
    return False


def names_in(source: str) -> set[str]:
    """ "Class.Method" literals."""
    texts = {n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)}
    return {t for t in texts if isinstance(t, str) and re.fullmatch(r"[A-Z]\w+\.[A-Z]\w+", t)}


PACKAGE = PLUGIN / "nle_style_resolve"
MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_call_is_in_the_stubs(path: Path) -> None:
    from nle_style_resolve.host import MINIMUM

    faults = faults_in(path.read_text(encoding="utf-8"), signatures(), MINIMUM)
    # Fusion's windows are in no stubs.
    assert [fault for fault in faults if path.stem != "dialog"] == []


def test_the_table_is_of_the_stubs_and_in_use() -> None:
    from nle_style_resolve.host import MINIMUM

    assert sorted(set(MINIMUM) - set(signatures())) == []
    sources = [path.read_text(encoding="utf-8") for path in MODULES if path.stem != "host"]
    called = set().union(*map(names_in, [*sources, _functions_of_host()]))
    assert sorted(set(MINIMUM) - called) == []


def _functions_of_host() -> str:
    """`host.py` without its table."""
    tree = ast.parse((PACKAGE / "host.py").read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Assign)]
    return ast.unparse(tree)


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ('ask(item, "TimelineItem.GetSelectedItems")', "in no stubs"),
        ('ask(item, "TimelineItem.AddTake", clip)', "does not bind"),
        ('ask(item, "TimelineItem.GetNumNodes")', "no minimum version"),
        ('ask(item, "TimelineItem.AddTake", *arguments)', "does not bind"),
        ("ask(item, name)", "in no stubs"),
        ("item.GetDuration()", "not called by ask"),
    ],
)
def test_the_checker_finds_faults(call: str, fault: str) -> None:
    from nle_style_resolve.host import MINIMUM

    (found,) = faults_in(call, signatures(), MINIMUM)
    assert fault in found


def test_the_fake_is_a_subset_of_the_stubs() -> None:
    known = signatures()
    for name in fake_resolve.__all__:
        for method, function in vars(getattr(fake_resolve, name)).items():
            if method.startswith("_"):
                continue
            full = f"{name}.{method}"
            assert full in known, full
            ours = [p for p in inspect.signature(function).parameters if p != "self"]
            assert any(_fits(ours, signature) for signature in known[full]), full


def _fits(ours: list[str], signature: inspect.Signature) -> bool:
    return ours == list(signature.parameters)[: len(ours)]
