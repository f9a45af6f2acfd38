"""The plan that a lab was booted from, kept beside its journal: the inventory may change."""

from pathlib import Path

from pydantic import TypeAdapter

from inventory.errors import LabError
from lab.plan import LabPlan
from lab.state import LabState


def save_plan(folder: Path, plan: LabPlan) -> None:
    """Keep the plan as JSON."""
    (folder / "plan.json").write_bytes(TypeAdapter(LabPlan).dump_json(plan))


def load_plan(state: LabState) -> LabPlan:
    """The plan that the lab was booted from; LabError when it can't be read."""
    try:
        return TypeAdapter(LabPlan).validate_json((state.folder / "plan.json").read_bytes())
    except (OSError, ValueError) as error:
        raise LabError(f"the plan of lab {state.name} can't be read: {error}.") from None
