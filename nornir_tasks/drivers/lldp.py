"""lldpcli's JSON as NAPALM's answer."""

from collections.abc import Mapping
from typing import Any


def neighbours(found: Any) -> dict[str, list[dict[str, str]]]:
    """`lldpcli -f json0 show neighbors` -> neighbours by interface."""
    answer: dict[str, list[dict[str, str]]] = {}
    for block in found.get("lldp", ()) if isinstance(found, Mapping) else ():
        for item in block.get("interface", ()):
            neighbour = {
                "hostname": item["chassis"][0]["name"][0]["value"],
                "port": item["port"][0]["id"][0]["value"],
            }
            answer.setdefault(item["name"], []).append(neighbour)
    return answer
