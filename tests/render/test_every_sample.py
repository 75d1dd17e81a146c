"""Real exports of other programs, through the whole of a batch's planning."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.apply import Look
from nle_style.errors import NleStyleError
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, plan_batch

FOLDER = Path(__file__).parents[3] / "shared" / "timelines"
SAMPLES = sorted(path for path in FOLDER.glob("*/*") if path.suffix != ".md")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_planned_or_refused_with_a_remedy(
    sample: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """None of their media is here: every clip is named, and says what to do."""
    options = BatchOptions(rate=Fraction(25), media=(tmp_path,))
    look = Look({"red": 1.0})
    output = Output(directory=tmp_path / "out")
    try:
        plan = plan_batch(sample, look, output, options=options, pack=str(tiny_pack)).plan
    except NleStyleError as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert refused.where.startswith(str(sample))
        assert refused.remedy
        return
    assert plan.refusals or plan.skipped, "a silent empty plan"
    assert not plan.uses
    assert all(refusal.clip_id and refusal.reason and refusal.remedy for refusal in plan.refusals)


def test_samples_are_there() -> None:
    if not FOLDER.is_dir():
        pytest.skip(f"no sample timelines at {FOLDER}")
    assert len(SAMPLES) > 100
