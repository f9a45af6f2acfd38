"""What can be made to go wrong with a stand-in, one field a fault."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """Nothing is wrong unless a field says so. Patterns are regular expressions, searched."""

    refuse_auth: bool = False
    """Every password is wrong."""
    hang_at: str = ""
    """A command that is taken and never answered."""
    drop_at_command: int = 0
    """The n-th command since the fault was set cuts the connection, once; 0 for never."""
    drop_at: str = ""
    """A command that cuts the connection, once."""
    drop_after: bool = False
    """Whether the cut comes after the command was carried out (its answer is lost), not before."""
    flood_at: str = ""
    """A command that is answered with `flood_bytes` of text."""
    flood_bytes: int = 10_000_000
    answer_delay_s: float = 0.0
    """Every answer comes that much later."""
    apply_delay_s: float = 0.0
    """A replace or a merge takes that long, and goes on when the connection is gone."""
    reboot_after_lines: int = 0
    """The device loses power after that many lines of a replace or a merge; 0 for never."""
    boot_s: float = 1.0
    """How long it is away when it reloads."""
    flash_full: bool = False
    """There is no room on flash: for a candidate."""
    corrupt_transfer: bool = False
    """Files arrive without their last bytes."""


HEALTHY = Faults()
