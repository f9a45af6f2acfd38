"""docs/ios-standin.md speaks of every fault, and shows code that runs."""

import re
import subprocess
import sys
from pathlib import Path

from tests.ios_standin.conftest import ROUTER
from tests.ios_standin.shell import Shell

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/ios-standin.md").read_text(encoding="utf-8")


def test_names_in_the_page_exist() -> None:
    import lab.ios_standin as package

    imported = re.search(r"from lab\.ios_standin import (.+)", PAGE)
    assert imported is not None
    for name in imported[1].split(", "):
        assert hasattr(package, name), name


def test_the_command_serves_a_file_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "zes-rtr1.cfg"
    file.write_text(ROUTER, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "lab.ios_standin", str(file), "--state", str(tmp_path / "state")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=TOP,
    ) as process:
        try:
            assert process.stdout is not None
            name, host, port, user = process.stdout.readline().split()
            assert (name, host, user) == ("zes-rtr1", "127.0.0.1", "admin")
            with Shell(int(port)) as shell:
                assert shell.until("#").endswith("zes-rtr1#")
        finally:
            process.terminate()


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lab.ios_standin", str(tmp_path / "none.cfg")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=TOP,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("ios_standin: ")
    assert len(done.stderr.splitlines()) == 1
