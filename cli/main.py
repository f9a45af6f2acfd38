"""The command `imereti`: global options, and the commands in the order of an engineer's work."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli.context import EXIT_USAGE, Context, exit_status, report_error
from inventory.errors import ImeretiError

EXIT_INTERRUPTED = 130

COMMANDS = {
    "validate": "cli.inventory",
    "show": "cli.inventory",
    "render": "cli.render",
    "plan": "cli.provision",
    "apply": "cli.provision",
    "verify": "cli.state",
    "backup": "cli.state",
    "drift": "cli.state",
    "rollback": "cli.state",
    "history": "cli.state",
    "run": "cli.run",
    "ci": "cli.ci",
    "lab": "cli.lab",
    "poll": "cli.monitor",
    "monitor": "cli.monitor",
    "store": "cli.store",
    "serve": "cli.serve",
    "events": "cli.serve",
    "demo": "cli.demo",
    "doctor": "cli.doctor",
}
"""Command -> the module whose `register(app)` adds it; imported only when the command is typed."""


class _InOrder(TyperGroup):
    """Lists commands as COMMANDS does; Typer would put groups behind all others."""

    def list_commands(self, _ctx: object) -> list[str]:
        return [name for name in COMMANDS if name in self.commands]


def build_app(words: list[str]) -> typer.Typer:
    """The application with the commands that `words` name, or with all when they name none."""
    app = typer.Typer(
        name="imereti",
        help="Provision and watch the network from one inventory.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(cls=_InOrder)(_global)
    named = [COMMANDS[word] for word in COMMANDS if word in words]
    for module in dict.fromkeys(named or COMMANDS.values()):
        import_module(module).register(app)
    return app


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


def _json_first(words: list[str]) -> list[str]:
    """`--json` is a global option, but people type it last; behind `--` it is somebody else's."""
    end = words.index("--") if "--" in words else len(words)
    ours, rest = words[:end], words[end:]
    if "--json" not in ours:
        return words
    return ["--json", *(word for word in ours if word != "--json"), *rest]


def main() -> None:
    """Run, and turn what was raised on purpose into a message and an exit code."""
    words = _json_first(sys.argv[1:])
    try:
        sys.exit(build_app(words)(args=words, standalone_mode=False) or 0)
    except TyperException as error:  # a wrong command line, or no command at all: the help
        show = getattr(error, "show", None)
        show() if show else report_error(ImeretiError(error.format_message()), as_json=False)
        sys.exit(EXIT_USAGE)
    except ImeretiError as error:
        report_error(error, as_json=words[:1] == ["--json"])
        sys.exit(exit_status(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # `imereti show links | head`
        sys.stderr.close()
        sys.exit(0)
