"""The bench of the lab, with a stand-in for `lab up` whose report is longer than a pipe holds."""

import sys
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from inventory.errors import MachineError
from tests.bench import lab as bench
from tests.labfixture import LabUnderTest

FAILS = """
import json, sys
lost = [f"alp-staff -> 10.0.{n // 256}.{n % 256}" for n in range(20_000)]
print(json.dumps({"missing": [], "differences": [], "unreachable": lost}), flush=True)
print("   1.0 s  0 of 20000 pings between LANs answered", file=sys.stderr)
sys.exit(1)
"""


@dataclass(frozen=True)
class Failing(LabUnderTest):
    """Its `lab up` answers first and says what happened afterwards."""

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", FAILS, *words]


def test_a_large_lab_that_fails_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    lab = Failing("b7", tmp_path, tmp_path, IPv4Network("172.24.7.0/24"))
    with pytest.raises(MachineError) as failed:
        bench._up(lab)
    assert "`lab up` of b7 failed" in str(failed.value)
    assert "0 of 20000 pings between LANs answered" in str(failed.value)
    assert "unreachable: 20000, such as alp-staff -> 10.0.0.0, " in str(failed.value)
    assert len(str(failed.value)) < 1000
