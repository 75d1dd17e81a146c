"""What benchmarks/speed.py makes of its measurements, by processes whose answers are known."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DOCUMENTED = ("size", "reference_s", "ours_s", "ratio", "reference_peak_mb", "ours_peak_mb")
OURS = "the same in OpenVINO"


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script's module, with its folder on the path as when it is run."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import speed

    return speed


@pytest.fixture
def result(speed: ModuleType, monkeypatch: pytest.MonkeyPatch) -> dict:
    """A size of 1920x1080 where every process answers at once: rates of 100, 150 and 10, then of
    300, 250 and 30, and around our path a tenth of them; a frame of the reference in 8 s, of ours
    in 2, of another checkout in 3; a path in 1, 2 and 4 s."""
    rates = [(100, 300), (150, 250), (10, 30)]
    begun = {"event": "started", "frames": 48}
    place = list(sys.modules["cost.network_paths"].PATHS).index(OURS)
    # One before each of two rounds, one before the first path and one behind each.
    around = itertools.count(-3)

    def run(command: list[str]) -> tuple[list[str], list[float], float]:
        if "cost.machine_rates" in command:
            busy = 10 if next(around) in (place - 1, place) else 1
            taken = [[rate / busy for rate in pair] for pair in rates]
            return [json.dumps(dict(zip(speed.RATES, taken, strict=True)))], [0.0], 1.0
        if "cost.network_paths" in command:
            found = {"seconds": [1, 4, 2], "operations": 100e9}
            known = found if OURS in command else {"skipped": "not here"}
            return [json.dumps(known)], [0.0], 900.0
        if "cost.reference_net" in command:
            return ["8.0\n"], [0.0], 700.0
        ended = 149.0 if "PYTHONPATH=/before" in command else 101.0
        return [json.dumps(begun), json.dumps({"event": "done"})], [5.0, ended], 500.0

    monkeypatch.setattr(speed, "run", run)
    monkeypatch.setattr(speed, "make_clip", lambda *_: None)
    arguments = {"frames": None, "rounds": 2, "style": "blue", "memory": "auto"}
    options = argparse.Namespace(
        **arguments, peer_python=None, no_paths=False, before=Path("/before")
    )
    measured: dict = speed.measure(options, "1920x1080")
    return measured


def test_documented_keys_stay(result: dict) -> None:
    assert {key: result[key] for key in DOCUMENTED} == {
        "size": "1920x1080",
        "reference_s": 8,
        "ours_s": 2,
        "ratio": 4,
        "reference_peak_mb": 700,
        "ours_peak_mb": 500,
    }


def test_the_machines_rates_are_medians_with_their_spread(result: dict) -> None:
    # Of eleven samples two are a tenth, so that the lower of the other rates is in the middle.
    assert result["rates"] == {
        "product_gflops": {"median": 100, "spread": [10, 300]},
        "convolution_gflops": {"median": 150, "spread": [15, 250]},
        "copy_gb_s": {"median": 10, "spread": [1, 30]},
    }


def test_a_paths_share_is_of_the_rates_around_it(result: dict) -> None:
    # 100 GFLOP in 2 s are 50 GFLOP/s; 10 and 30, before and after, have the median 20.
    found = result["paths"][OURS]
    assert (found["median_s"], found["gflops"]) == (2, 50)
    assert (found["convolution_share"], found["product_share"]) == (2.5, 2.5)


def test_tables_show_rates_and_shares(
    speed: ModuleType, result: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    speed.show(result)
    lines = capsys.readouterr().out.splitlines()
    files = [
        "| nle_style before | 3.00 (3.00-3.00) | 500 MB |",
        "| nle_style | 2.00 (2.00-2.00) | 500 MB |",
    ]
    assert lines[5:7] == files
    assert f"| {OURS} | 2.00 (1.00-4.00) | 50 | 250% | 250% | 900 MB |" in lines
    assert "| matrix product of 2048x2048, GFLOP/s | 100 (10-300) |" in lines
    assert "| memory copy, GB/s read and written | 10 (1-30) |" in lines


def test_operations_are_those_of_the_definition(speed: ModuleType) -> None:
    # A pixel of a picture takes, with C channels in the first layer, two layers of 9x9x3xC, one of
    # 9x2CxC at half and one of 9x4Cx2C at a quarter of the size, ten of 9x4Cx4C there, and after
    # them 9x4Cx2C at half and 9x2CxC at full size: 486 C + 135 C² products, each with its sum.
    operations = sys.modules["cost.network_paths"].path_operations
    assert operations(OURS, 48, 64) == 2 * (486 * 16 + 135 * 16**2) * 48 * 64
    reference = "reference, 32 channels, eager"
    assert operations(reference, 48, 64) == 2 * (486 * 32 + 135 * 32**2) * 48 * 64


def test_every_rate_is_measured(speed: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_rates = sys.modules["cost.machine_rates"]
    monkeypatch.setattr(machine_rates, "_COPIED", 2**20)
    monkeypatch.setattr(machine_rates, "_SIDE", 64)
    monkeypatch.setattr(machine_rates, "_MAP", (1, 64, 16, 16))
    rates = machine_rates.measured_rates(repeats=3)
    assert rates.keys() == speed.RATES.keys()
    assert all(len(found) == 3 and min(found) > 0 for found in rates.values())
