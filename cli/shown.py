"""Tables on stdout."""

from collections.abc import Iterable
from typing import Any, Literal

LINE_WIDTH = 240


def print_table(heads: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """A head that begins with # is a column of numbers. In a pipe a row is one line."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        justify: Literal["left", "right"] = "right" if head.startswith("#") else "left"
        table.add_column(head.lstrip("#"), justify=justify, overflow="fold")
    for cells in rows:
        table.add_row(*(str(cell) for cell in cells))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(width=LINE_WIDTH, markup=False, highlight=False)
    console.print(table)
