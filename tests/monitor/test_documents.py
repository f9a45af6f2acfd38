"""docs/monitoring.md says everything that the tables of the code hold, and nothing else."""

import re
from dataclasses import fields
from pathlib import Path

from inventory.settings import AlarmSettings
from monitor.metrics import METRICS, PROBE_SERIES, SERIES_METRICS
from monitor.values import Fault, LinkState, Quality

PAGE = Path(__file__).resolve().parents[2] / "docs" / "monitoring.md"


def tables() -> dict[str, dict[str, str]]:
    """Head of the first column -> first cell -> the row's last cell."""
    found: dict[str, dict[str, str]] = {}
    head = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            head = ""
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not head:
            head = cells[0]
            found[head] = {}
        elif not set(cells[0]) <= {"-"}:
            found[head][cells[0].strip("`")] = cells[-1].strip("`")
    return found


def test_every_metric_is_described_with_the_name_of_its_series() -> None:
    assert tables()["object"] == {metric.object: metric.series for metric in METRICS}


def test_every_series_that_no_metric_gives_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert set(SERIES_METRICS) == {m.series for m in METRICS if m.series} | set(PROBE_SERIES)
    assert all(f"`{name}`" in text for name in SERIES_METRICS)


def test_every_quality_state_and_fault_is_described() -> None:
    assert set(tables()["quality"]) == {each.value for each in Quality}
    assert set(tables()["state"]) == {each.value for each in LinkState}
    assert set(tables()["fault"]) == {each.value for each in Fault}


def test_every_alarm_setting_is_described() -> None:
    named = {key.removeprefix("alarms.") for key in tables()["setting in config.yaml"]}
    assert named == {field.name for field in fields(AlarmSettings)}


def test_every_file_that_the_page_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text(encoding="utf-8"))
    assert links
    assert all((PAGE.parent / link).is_file() for link in links)
