"""What a node's start-up scripts said: lines that were refused, or nothing that can be used."""

from collections.abc import Mapping

from inventory.errors import LabError
from lab import running, scripts
from lab.plan import Files


def boot_problems(files: Files, node: str, status: int, said: str) -> list[running.Difference]:
    """Lines that nft or FRR refused at boot; LabError when a daemon did not start at all."""
    rendered = files[node]["frr.conf"]
    if status == scripts.EXIT_NFT:
        return [running.Difference(node, "nftables.conf", *running.nft_refusal(said))]
    found = running.refused(node, "frr.conf", rendered, said)
    if status != 0 and not found:
        raise LabError(f"{node} did not boot: {said.strip() or f'exit status {status}'}")
    return found


def raise_failed(said: Mapping[str, tuple[int, str]]) -> None:
    """LabError for the first node whose script failed, with its words."""
    for node, (status, text) in said.items():
        if status != 0:
            raise LabError(f"{node}: {text.strip() or f'exit status {status}'}")
