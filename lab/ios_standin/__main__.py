"""`python -m lab.ios_standin FILE...`: serves devices by hand, until interrupted.

Each FILE is a configuration; the device is named after it (`zes-rtr1.cfg`). Prints one line a
device on standard output: name, address, port, user.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.ios_standin.device import CREDENTIALS, ENABLE_SECRET, IosStandin
from lab.ios_standin.server import LOCALHOST, serve
from lab.ios_standin.state import StateFile


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab.ios_standin",
        description="Stand-ins for cisco_ios devices, one port of 127.0.0.1 each.",
    )
    parser.add_argument("files", nargs="+", type=Path, help="configurations, NAME.cfg each")
    parser.add_argument("--first-port", type=int, default=0, help="else free ones are taken")
    parser.add_argument("--user", help="who may log in; else the file's first username, or admin")
    parser.add_argument("--password", default=next(iter(CREDENTIALS.values())))
    parser.add_argument("--enable", default=ENABLE_SECRET, help="the enable secret")
    parser.add_argument("--minute", type=float, default=60.0, help="seconds a device's minute has")
    parser.add_argument("--state", type=Path, help="folder for what survives this process")
    return parser


def _devices(options: argparse.Namespace) -> tuple[IosStandin, ...]:
    return tuple(
        IosStandin(
            file.stem,
            file.read_text(encoding="utf-8"),
            credentials={_user(options, file): options.password},
            enable_secret=options.enable,
            minute_s=options.minute,
            state=StateFile(options.state / f"{file.stem}.json") if options.state else None,
        )
        for file in options.files
    )


def _user(options: argparse.Namespace, file: Path) -> str:
    named = re.search(r"^username (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return str(options.user or (named[1] if named else next(iter(CREDENTIALS))))


async def _run(options: argparse.Namespace) -> None:
    devices = _devices(options)
    first = options.first_port
    numbers = {device.name: first + place for place, device in enumerate(devices) if first}
    async with serve(devices, ports=numbers) as ports:
        for name, port in ports.items():
            user = next(iter(ports.devices[name].credentials))
            sys.stdout.write(f"{name} {LOCALHOST} {port} {user}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until interrupted: 0; 1 when a file can't be read or a port is taken."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_run(options))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"ios_standin: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
