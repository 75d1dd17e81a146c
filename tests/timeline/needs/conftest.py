from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import (
    Facts,
    probe_of,
    read_back,
    timeline,
)
from tests.timeline.needs.planning import Made


@pytest.fixture
def planned(tmp_path: Path) -> Made:
    def plan(*tracks: otio.core.Composable, handles: int = 0, **facts: Facts) -> Plan:
        probe = probe_of(**facts) if facts else probe_of(Facts())
        return plan_shots(read_back(timeline(*tracks), tmp_path), probe, handles=handles)

    return plan
