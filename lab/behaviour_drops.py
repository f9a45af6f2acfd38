"""Which rule of which router drops a ping: its counter grows when the ping is sent again."""

import json
import subprocess
from collections.abc import Iterable
from typing import Any

from lab import netns
from lab.behaviour import Evidence
from lab.plan import LabPlan, NodeKind
from lab.reach import Probe, Prober
from lab.state import LabState

AGAIN = 3
WAIT_S = 0.3
NFT = "nft -j list table inet router"
NFT_TIMEOUT_S = 10

Counts = dict[tuple[str, str], int]
"""(router, rule in words) -> packets."""


def dropping_rules(
    lab: LabState, plan: LabPlan, probe: Probe, routers: Iterable[str]
) -> tuple[tuple[str, ...], Evidence]:
    """Rules that drop `probe` on `routers`, in words, and the evidence of the counters."""
    names = {node.name for node in plan.nodes if node.kind is NodeKind.ROUTER}
    asked = [name for name in dict.fromkeys(routers) if name in names]
    before = _counts(lab, plan, asked)
    with Prober(lambda node: netns.network_namespace(lab, node)) as prober:
        for _ in range(AGAIN):
            prober.ping([probe], WAIT_S / AGAIN)
    after = _counts(lab, plan, asked)
    grown = {key: count - before.get(key, 0) for key, count in after.items()}
    lines = [f"{router}: {rule}: +{n}" for (router, rule), n in sorted(grown.items()) if n > 0]
    told = tuple(
        f"{router} drops it in {rule}"
        for (router, rule), number in sorted(grown.items())
        if number >= AGAIN
    )
    answer = "\n".join(lines) or "no counter of a drop grew"
    return told, Evidence(", ".join(asked), NFT, answer, (str(probe.target),))


def _counts(lab: LabState, plan: LabPlan, routers: Iterable[str]) -> Counts:
    return {
        (router, rule): packets
        for router in routers
        for rule, packets in _drops(_listing(lab, plan, router))
    }


def _listing(lab: LabState, plan: LabPlan, router: str) -> Any:
    enter = netns.exec_command(lab, plan.node(router))
    done = subprocess.run(
        [*enter, *NFT.split()],
        capture_output=True,
        text=True,
        timeout=NFT_TIMEOUT_S,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else {}


def _drops(listing: Any) -> Iterable[tuple[str, int]]:
    """Counters of rules that drop, and of the end of each chain whose policy is drop."""
    number: dict[str, int] = {}
    for item in listing.get("nftables", []):
        rule = item.get("rule")
        if rule is None:
            continue
        chain = rule["chain"]
        number[chain] = number.get(chain, 0) + 1
        counters = [part["counter"] for part in rule["expr"] if "counter" in part]
        if counters and ("drop" in rule["expr"][-1] or "counter" in rule["expr"][-1]):
            comment = f" ({rule['comment']})" if rule.get("comment") else ""
            yield f"chain {chain}, rule {number[chain]}{comment}", counters[0]["packets"]
