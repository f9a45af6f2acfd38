"""The files for GitHub Actions and GitLab CI: they parse, and each command in them is there."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.repository import CHECKOUT

GITHUB = CHECKOUT / ".github" / "workflows" / "network.yml"
GITLAB = CHECKOUT / ".gitlab-ci.yml"
PREREQUISITES = {"apt-get", "git", "make"}
"""What a job may use before it has set anything up."""
REGISTRIES = re.compile(
    r"https?://|pypi|npmjs|proxy\.golang|docker\.io|ghcr\.io|registry\.", re.IGNORECASE
)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def commands() -> list[str]:
    """Every command line of both files."""
    github, gitlab = read(GITHUB), read(GITLAB)
    found = [
        step["run"] for job in github["jobs"].values() for step in job["steps"] if "run" in step
    ]
    found += gitlab["default"]["before_script"]
    found += [line for job in (gitlab["judge"], gitlab["checks"]) for line in job["script"]]
    return [part.strip() for line in found for part in re.split(r"&&|\n", line) if part.strip()]


@pytest.mark.parametrize("command", commands())
def test_each_command_is_a_script_of_ours_or_asked_for_at_the_start(command: str) -> None:
    program = shlex.split(command)[0]
    if "/" in program:
        assert os.access(CHECKOUT / program, os.X_OK), f"{program} is no script of this checkout"
    else:
        assert program in PREREQUISITES
        assert shutil.which(program)
    if program == "make":
        target = shlex.split(command)[1]
        assert re.search(rf"^{target}:", (CHECKOUT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=lambda path: path.name)
def test_no_registry_is_named(path: Path) -> None:
    assert REGISTRIES.findall(path.read_text(encoding="utf-8")) == []


def test_both_judge_merge_requests_and_keep_page_and_junit() -> None:
    github, gitlab = read(GITHUB), read(GITLAB)
    assert "pull_request" in github[True]  # YAML 1.1 reads `on` as true
    steps = github["jobs"]["judge"]["steps"]
    assert any(".ci/judge" in step.get("run", "") for step in steps)
    (upload,) = (step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert (upload["with"]["path"], upload["if"]) == ("report/", "always()")
    checkout = next(step for step in steps if "actions/checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0
    job = gitlab["judge"]
    assert any("merge_request_event" in rule["if"] for rule in job["rules"])
    assert job["artifacts"]["reports"]["junit"] == "report/junit.xml"
    assert (job["artifacts"]["paths"], job["artifacts"]["when"]) == (["report/"], "always")


def test_the_tests_run_where_go_and_rust_are() -> None:
    """They build containerlab and InfluxDB: Debian 12's own Go and cargo are too old for that."""
    modules = (CHECKOUT / "scripts" / "containerlab" / "go.mod").read_text(encoding="utf-8")
    wanted = re.search(r"^go (\d+\.\d+)", modules, re.MULTILINE)
    assert wanted
    job = read(GITLAB)["checks"]
    github = read(GITHUB)["jobs"]["checks"]
    assert {job["image"], github["container"]["image"]} == {f"golang:{wanted[1]}-bookworm"}
    installed = [*job["script"], *(step.get("run", "") for step in github["steps"])]
    assert sum(" cargo-web" in line for line in installed) == 2


@pytest.mark.parametrize("script", ["judge", "summary", "run"])
def test_the_scripts_are_good_shell(script: str) -> None:
    path = CHECKOUT / ".ci" / script
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=10)
    assert os.access(path, os.X_OK)


def test_the_script_judges_into_the_folder_that_is_kept(tmp_path: Path) -> None:
    """With a stand-in for the program, which writes down its words."""
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name in ("judge", "summary"):
        shutil.copy(CHECKOUT / ".ci" / name, folder / ".ci" / name)
    program = folder / ".venv" / "bin" / "imereti"
    program.write_text('#!/bin/sh\nmkdir -p report\necho "$@" >report/report.txt\n', "utf-8")
    program.chmod(0o755)

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=10)

    judge, summary = (str(folder / ".ci" / name) for name in ("judge", "summary"))
    assert "There is no report" in run(summary).stdout
    assert "usage: .ci/judge BASE" in run(judge).stderr
    run(judge, "origin/main")
    said = (folder / "report" / "report.txt").read_text(encoding="utf-8")
    assert said == "ci --base origin/main --out report\n"
    (folder / "expected.yaml").write_text("differences: []\n", encoding="utf-8")
    run(judge, "origin/main")
    assert "--expect expected.yaml" in run(summary).stdout
