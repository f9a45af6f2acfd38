"""lldpcli's JSON as NAPALM's answer."""

from collections.abc import Mapping
from typing import Any


def neighbours(found: Any) -> dict[str, list[dict[str, str]]]:
    """`lldpcli -f json0 show neighbors` -> neighbours by interface.

    json0 is the form in which each element is a list. Who sends no name is told by its chassis id.
    """
    answer: dict[str, list[dict[str, str]]] = {}
    for block in found.get("lldp", ()) if isinstance(found, Mapping) else ():
        for item in block.get("interface", ()):
            chassis, port = item["chassis"][0], item["port"][0]
            named = chassis.get("name") or chassis["id"]
            neighbour = {"hostname": named[0]["value"], "port": port["id"][0]["value"]}
            answer.setdefault(item["name"], []).append(neighbour)
    return answer
