"""What the pages name is there: links, headings, pictures, scripts, modules, tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]
)
TEXT_SUFFIXES = {".md", ".py", ".pyi", ".toml", ".yaml", ""}
ROOMS = [ROOT, ROOT / "nle_style", ROOT / "tests"]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MENTION = re.compile(
    r"(?<![\w/.-])(?:docs/[\w/-]+\.(?:md|jpg|png)|benchmarks/(?!test_)[\w/]+\.(?:py|json|txt))\b"
)
_SOURCE = re.compile(r"`([\w./*-]+/[\w.*-]+\.(?:py|md|yaml))")


def anchors_of(text: str) -> set[str]:
    """The names that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ +(.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.strip().lower()).replace(" ", "-") for line in headings}


def dead_links(text: str, folder: Path) -> Iterator[str]:
    """Links and pictures of a page in `folder` that lead to no file, or to no heading of a page."""
    for link in _LINK.findall(_FENCED.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = folder / path
        if path and not target.is_file():
            yield link
            continue
        page = target.read_text(encoding="utf-8") if path.endswith(".md") else text
        if anchor and anchor not in anchors_of(page):
            yield link


def not_there(text: str) -> list[str]:
    """Pages, pictures and benchmarks that a text names and the repository does not have."""
    return [name for name in _MENTION.findall(text) if not (ROOT / name).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert list(dead_links(text, page.parent)) == []
    named = _SOURCE.findall(text)
    assert [name for name in named if not any(any(room.glob(name)) for room in ROOMS)] == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# A *heading*: `--flag`\n```sh\n# no heading\n```\n")
    text = "[a](other.md#a-heading---flag) ![b](none.png) [c](other.md#no-heading) [d](#e) [f](f:g)"
    assert list(dead_links(text, tmp_path)) == ["none.png", "other.md#no-heading", "#e"]
    named = "docs/looks.md, docs/pictures/none.jpg and benchmarks/pictures/none.py"
    assert not_there(named) == ["docs/pictures/none.jpg", "benchmarks/pictures/none.py"]


def test_what_is_named_anywhere_is_there() -> None:
    folders = ("nle_style", "plugins", "benchmarks", "tests", "docs", "models", "scripts", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    missing = {
        path.relative_to(ROOT).as_posix(): names
        for path in [*files, *ROOT.glob("*.md"), ROOT / "pyproject.toml"]
        if path.suffix in TEXT_SUFFIXES and path != Path(__file__).resolve()
        if (names := not_there(path.read_text(encoding="utf-8")))
    }
    assert missing == {}


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
    }
    pictures = {path for path in (ROOT / "docs" / "pictures").rglob("*") if path.is_file()}
    assert pictures - shown == set()


@pytest.mark.parametrize(("page", "least"), [("measured/reliability.md", 41), ("outcomes.md", 19)])
def test_every_promise_names_tests_that_are_there(page: str, least: int) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = sorted(set(re.findall(r"`((?!nle_style)\w[\w/]*/[\w/]+\.py)(?:::(\w+))?`", text)))
    assert len(named) >= least
    for file, test in named:
        path = (ROOT if file.startswith("benchmarks/kills") else ROOT / "tests") / file
        assert path.is_file(), file
        assert f"def {test}(" in path.read_text(encoding="utf-8") or not test, (file, test)


def test_every_outcome_event_and_code_has_a_row_and_a_test() -> None:
    from nle_style import errors
    from nle_style.render import READER_GONE, Event, Outcome, events

    text = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")
    tables = {
        part.split("\n", 1)[0]: [
            [cell.strip() for cell in line.strip("|").split(" | ")]
            for line in part.splitlines()
            if line.startswith("| ")
        ][1:]
        for part in text.split("\n## ")
    }
    outcomes, codes, told, files = tables.values()
    assert [row[0].strip("`") for row in outcomes] == list(Outcome)
    raised = {
        each.exit_code
        for name in errors.__all__
        if hasattr(each := vars(errors)[name], "exit_code")
    }
    assert {int(row[0]) for row in codes} == {0, 3, READER_GONE} | raised
    classes = [each for each in vars(events).values() if isinstance(each, type)]
    kinds = {each.kind: each for each in classes if issubclass(each, Event) and each is not Event}
    assert {row[0].strip("`") for row in told} == set(kinds)
    for row in told:
        told_fields = {field.name for field in fields(kinds[row[0].strip("`")])}
        assert told_fields <= set(re.findall(r"`(\w+)`", row[1])), row[0]
    assert len(files) > 20
    assert [row for row in (*codes, *told, *files) if "::test_" not in row[-1]] == []
