"""The lab's hosts as the provisioner's prober: the two middle rooms meet here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.context import Context

if TYPE_CHECKING:
    from nornir_tasks.probes import Prober


@contextmanager
def lab_prober(context: Context) -> "Iterator[Prober | None]":
    """A prober while a lab is talked to; None with real devices, which have no hosts to use."""
    yield None
