"""`python -m tests.bench.peer_napalm HOSTS CANDIDATES KEY KNOWN_HOSTS`: the usual Nornir way.

Nornir's threaded runner and nornir_napalm's napalm_configure as a dry run, with the same driver:
one host after the other connects, loads frr.conf and asks frr-reload for the difference.
"""

import json
import sys
from pathlib import Path

from nornir.core import Nornir
from nornir.core.inventory import ConnectionOptions, Host, Hosts, Inventory
from nornir.core.plugins.connections import ConnectionPluginRegister
from nornir.core.task import Result, Task
from nornir.plugins.runners import ThreadedRunner
from nornir_napalm.plugins.tasks import napalm_configure

WORKERS = 10


def plan(task: Task, candidates: Path) -> Result:
    """A dry run of the whole frr.conf; the diff stays on the router's own terms."""
    text = (candidates / f"{task.host.name}.conf").read_text(encoding="utf-8")
    return task.run(task=napalm_configure, configuration=text, replace=True, dry_run=True)[0]


def main(hosts_file: str, candidates: str, key: str, known_hosts: str) -> int:
    """0 when every host has an empty difference."""
    addresses: dict[str, str] = json.loads(Path(hosts_file).read_text(encoding="utf-8"))
    ConnectionPluginRegister.auto_register()
    options = {"optional_args": {"key_file": key, "known_hosts": known_hosts}}
    hosts = {
        name: Host(
            name=name,
            hostname=address,
            username="root",
            password="",
            platform="frr",
            connection_options={"napalm": ConnectionOptions(extras=options)},
        )
        for name, address in addresses.items()
    }
    nornir = Nornir(Inventory(Hosts(hosts)), runner=ThreadedRunner(num_workers=WORKERS))
    result = nornir.run(task=plan, candidates=Path(candidates))
    nornir.close_connections()
    return 1 if result.failed or any(one[0].changed for one in result.values()) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
