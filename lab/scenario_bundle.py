"""What a failed scenario leaves: enough to see what happened when the lab is long gone.

state/lab-test/<time>-<scenario>/
    result.json        checks, time line
    timeline.txt
    <router>/          running configuration, routes, neighbours, filters, counters, logs
Secrets are replaced by their names.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from inventory.errors import LabError
from inventory.secrets import Secrets
from lab import in_node
from lab.plan import Node, NodeKind
from lab.scenario_bench import Bench
from lab.scenario_report import ScenarioResult

FOLDER = "lab-test"
SHOWN = {
    "running.conf": "vtysh -c 'show running-config'",
    "routes.txt": "ip route; ip -6 route; vtysh -c 'show ip route' -c 'show ipv6 route'",
    "neighbours.txt": (
        "vtysh -c 'show ip ospf neighbor' -c 'show ipv6 ospf6 neighbor' -c 'show bfd peers brief'; "
        "vtysh -c 'show bgp summary' 2>&1; ip neigh"
    ),
    "filters.txt": "nft list ruleset",
    "counters.txt": "ip -s -s link; cat /proc/net/snmp /proc/net/snmp6",
    "log.txt": "tail -n 400 /var/log/frr/*.log 2>/dev/null; true",
}
AT_ONCE = 4


def write_bundle(bench: Bench, result: ScenarioResult) -> Path:
    """Write it and say where; what a router does not answer stands in its file."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = bench.state / FOLDER / f"{stamp}-{result.name}"
    folder.mkdir(parents=True, mode=0o700)
    timeline = "\n".join([*bench.timeline, ""])
    (folder / "timeline.txt").write_text(timeline, encoding="utf-8")
    document = {**result.document(), "timeline": bench.timeline}
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    secrets = bench.lab.secrets()
    kinds = {NodeKind.ROUTER, NodeKind.EXTERNAL}
    routers = [node for node in bench.plan.nodes if node.kind in kinds]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda node: _write_router(bench, folder, node, secrets), routers))
    return folder


def _write_router(bench: Bench, folder: Path, node: Node, secrets: Secrets) -> None:
    place = folder / node.name
    place.mkdir()
    for name, script in SHOWN.items():
        try:
            text = in_node.run(bench.lab, bench.plan, node.name, ["sh", "-c", script])
        except LabError as error:  # powered off, frozen: that is worth knowing too
            text = f"{error}\n"
        (place / name).write_text(secrets.unfill(text), encoding="utf-8")
