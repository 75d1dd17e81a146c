"""Groups of options: one parameter of a command, several on its line."""

from __future__ import annotations

from inspect import signature
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from nle_style.cli.option_groups import App, CutOptions, LookOptions, RenderOptions, grouped

Seen = list[tuple[str, LookOptions, bool, CutOptions]]


@pytest.fixture
def seen() -> Seen:
    return []


@pytest.fixture
def app(seen: Seen) -> typer.Typer:
    @grouped
    def command(
        *,
        name: Annotated[str, typer.Argument()],
        controls: LookOptions,
        loud: Annotated[bool, typer.Option("--loud")] = False,
        cut: CutOptions,
    ) -> None:
        """Its help."""
        seen.append((name, controls, loud, cut))

    made = App()
    made.command()(command)
    return made


def test_the_command_gets_its_groups(app: typer.Typer, seen: Seen) -> None:
    words = ["one", "--strength", "0.5", "--loud", "--media", "a", "--media", "b"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    ((name, controls, loud, cut),) = seen
    assert (name, loud, controls) == ("one", True, LookOptions(strength=0.5))
    assert [str(path) for path in cut.media or ()] == ["a", "b"]
    assert CliRunner().invoke(app, ["two", "--loud", "--loud"]).exit_code == 0
    assert seen[1] == ("two", LookOptions(), True, CutOptions())
    assert CliRunner().invoke(app, ["two", "--strength", "0", "--strength=1"]).exit_code == 2


def test_the_options_stand_where_the_group_does(app: typer.Typer) -> None:
    (info,) = app.registered_commands
    assert info.callback is not None
    assert info.callback.__doc__ == "Its help."
    assert list(signature(info.callback).parameters) == [
        *("name", "strength", "stroke_scale", "colour", "statistics", "hold"),
        *("loud", "look_map", "only", "rate", "media", "path_map", "bundle"),
    ]


def test_an_option_out_of_its_range_is_refused_by_its_name() -> None:
    @grouped
    def command(*, options: RenderOptions) -> None:
        pytest.fail("it was called")

    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, ["--handles", "-1"])
    assert done.exit_code == 2
    assert "--handles" in done.output
