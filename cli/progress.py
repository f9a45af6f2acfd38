"""How far a command over many devices is: a bar on a terminal, silence elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.context import Context


@contextmanager
def progress(context: Context, what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Yields the function to call with the name of each device that is done."""
    if context.quiet or not sys.stderr.isatty():
        yield lambda _device: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task(what, total=total)
        yield lambda device: shown.update(bar, advance=1, description=f"{what} {device}")
