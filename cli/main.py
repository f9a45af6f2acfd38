"""The command `imereti`: global options, and the groups in the order of an engineer's work."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.context import Context, report_error
from inventory.errors import ImeretiError

app = typer.Typer(
    name="imereti",
    help="Provision and watch the network from one inventory.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _global(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", help="config.yaml to use.", metavar="FILE")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Only errors on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Debug log on stderr.")] = False,
) -> None:
    ctx.obj = Context(config=config, as_json=as_json, quiet=quiet, verbose=verbose)


def main() -> None:
    """Entry point: run, and turn what was raised on purpose into a message and an exit code."""
    try:
        app(standalone_mode=True)
    except ImeretiError as error:
        report_error(error, as_json="--json" in sys.argv)
        sys.exit(1)
