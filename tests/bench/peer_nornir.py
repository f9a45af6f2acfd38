"""`python -m tests.bench.peer_nornir INVENTORY OUT`: the same templates in the usual Nornir way.

A task a host in Nornir's threaded runner, and in each task a Jinja2 environment of its own, which
is how nornir-jinja2's template_file works. The values for the templates are our model's.
"""

import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from nornir import InitNornir
from nornir.core.task import Result, Task

from inventory.load import load_network
from nornir_tasks.compile import device_intent, region_intent
from nornir_tasks.intent import RegionIntent
from nornir_tasks.policy import Policy

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


def render(task: Task, policy: Policy, region: RegionIntent, out: Path) -> Result:
    """Render and write one host's configuration."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (routers' files, never HTML)
    )
    template = environment.get_template(f"{task.host.platform}/device.j2")
    device = policy.network.devices[task.host.name]
    text = template.render(d=device_intent(policy, region, device))
    file = out / device.name / f"{device.name}.cfg"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return Result(host=task.host)


def main() -> int:
    """0 when every host was rendered."""
    folder, out = sys.argv[1], Path(sys.argv[2])
    policy = Policy(load_network(Path(folder)))
    nornir = InitNornir(
        inventory={"plugin": "ImeretiInventory", "options": {"folder": folder}},
        runner={"plugin": "threaded", "options": {"num_workers": 20}},
        logging={"enabled": False},
    )
    results = nornir.run(task=render, policy=policy, region=region_intent(policy), out=out)
    for name, result in results.items():
        if result.failed:
            sys.stderr.write(f"{name}: {result[0].exception}\n")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
