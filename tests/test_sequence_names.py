"""Names of image sequences, in every way that they are written."""

from __future__ import annotations

import pytest

from nle_style.sequence_names import NumberedName, decoded, in_path, in_timeline, of_file


@pytest.mark.parametrize(
    ("name", "pattern", "first_file"),
    [
        ("x.%04d.exr", "x.%04d.exr", "x.0007.exr"),
        ("x_%d.png", "x_%d.png", "x_7.png"),
        ("x.%4d.exr", "x.%4d.exr", "x.0007.exr"),
        ("x.####.dpx", "x.%04d.dpx", "x.0007.dpx"),
        ("x.#.dpx", "x.%d.dpx", "x.7.dpx"),
        ("x.###_left.exr", "x.%03d_left.exr", "x.007_left.exr"),
        ("take #2.%04d.exr", "take #2.%04d.exr", "take #2.0007.exr"),
        ("take #2.####.exr", "take #2.%04d.exr", "take #2.0007.exr"),
        ("50%done.%04d.exr", "50%done.%04d.exr", "50%done.0007.exr"),
        ("50%done.####.exr", "50%done.%04d.exr", "50%done.0007.exr"),
    ],
)
def test_a_pattern_in_a_path(name: str, pattern: str, first_file: str) -> None:
    found = in_path(name)
    assert found is not None
    assert (found.pattern, found.file(7), found.number(first_file)) == (pattern, first_file, 7)


@pytest.mark.parametrize("name", ["x.mov", "x.[1-9].exr", "#.#.exr", "%d.%d.png", ""])
def test_other_names_in_paths_are_files(name: str) -> None:
    assert in_path(name) is None


@pytest.mark.parametrize(
    ("name", "pattern", "first"),
    [
        ("x.[1001-1099].tif", "x.%04d.tif", 1001),
        ("x.[0990-1099].tif", "x.%04d.tif", 990),
        ("x.[1-99].tif", "x.%d.tif", 1),
        ("x.%06d.exr", "x.%06d.exr", None),
        ("x.[1001-1099].blue.%06d.exr", "x.[1001-1099].blue.%06d.exr", None),
        ("take #2.####.dpx", "take #2.%04d.dpx", None),
        ("x.#.exr", "x.%d.exr", None),
        ("x.###_left.exr", "x.%03d_left.exr", None),
    ],
)
def test_a_pattern_in_a_timeline(name: str, pattern: str, first: int | None) -> None:
    found = in_timeline(name)
    assert found is not None
    assert (found.pattern, found.first) == (pattern, first)


@pytest.mark.parametrize("name", ["take #2.mov", "a%20dark.mov", "%d0%bf.mov", "[a-b].mov", "##2"])
def test_other_names_in_timelines_are_files(name: str) -> None:
    assert in_timeline(name) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("my%20x.%04d.exr", "my x.%04d.exr"),
        ("x.%2504d.exr", "x.%04d.exr"),
        ("x_%d.%70ng", "x_%d.png"),
        ("a%20dark.mov", "a dark.mov"),
        ("%d0%bf.mov", "п.mov"),
        ("%D0%BF.%5B1-2%5D", "п.[1-2]"),
    ],
)
def test_printf_signs_are_no_escapes(text: str, meant: str) -> None:
    assert decoded(text) == meant


def test_numbers_are_those_that_the_sequence_would_write() -> None:
    name = NumberedName("x.", 3, ".exr")
    numbers = [name.number(f"x.{text}.exr") for text in ("007", "1234", "07", "0012", "-07", "٠٠٧")]
    assert numbers == [7, 1234, None, None, -7, None]
    assert [name.number(f"x.{text}.exr") for text in ("-7", "--7", "-007", "-")] == [None] * 4
    assert name.file(-7) == "x.-07.exr"  # as printf's %03d
    assert name.number("x.exr") is None
    assert name.number("y.007.exr") is None


def test_the_sequence_of_a_file() -> None:
    assert of_file("v2.x.0012.EXR") == NumberedName("v2.x.", 4, ".EXR")
    assert of_file("7.png") == NumberedName("", 1, ".png")
    assert of_file("x.-012.exr") == NumberedName("x.", 4, ".exr")
    assert of_file("-12.exr") == NumberedName("", 3, ".exr")
    assert of_file("x-012.exr") == NumberedName("x-", 3, ".exr")
    assert of_file("x0012.mov") is None
    assert of_file("x.0012") is None
    assert of_file("x.exr") is None
