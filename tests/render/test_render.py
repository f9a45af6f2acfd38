"""The function itself: pure, the same to the byte, and clear about a template that fails."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment

from inventory.errors import RenderError
from inventory.model import Network
from inventory.view import virtual
from nornir_tasks.build import for_platform
from nornir_tasks.render import environment, render_device

from .conftest import MANAGEMENT, render_all

_DIGEST = """
import hashlib, sys
from pathlib import Path
from inventory.load import load_network
from nornir_tasks.render import Renderer, environment
network = load_network(Path(sys.argv[1]) / "inventory")
renderer = Renderer(network, environment(Path(sys.argv[1]) / "templates"))
texts = [renderer.render(device) for device in network.devices.values()]
print(hashlib.sha256(repr(texts).encode()).hexdigest())
"""


def test_the_same_model_gives_the_same_bytes_in_every_process(checkout: Path) -> None:
    digests = set()
    for seed in ("1", "2"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        words = [sys.executable, "-c", _DIGEST, str(checkout)]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


def test_one_device_alone_is_rendered_as_among_all(
    network: Network, templates: Environment, ios: dict[str, str]
) -> None:
    files = render_device(network, network.devices["zes-rtr1"], templates)
    assert files == {"zes-rtr1.cfg": ios["zes-rtr1"]}


def test_a_cable_elsewhere_changes_no_other_device(
    network: Network, templates: Environment, ios: dict[str, str]
) -> None:
    device = network.devices["zes-rtr1"]
    renamed = tuple(
        replace(interface, description=f"{interface.description}, moved")
        for interface in device.interfaces
    )
    devices = {**network.devices, "zes-rtr1": replace(device, interfaces=renamed)}
    rendered = render_all(replace(network, devices=devices), templates)
    changed = {name for name, files in rendered.items() if files[f"{name}.cfg"] != ios[name]}
    assert changed == {"zes-rtr1"}


def test_the_second_region_renders_on_every_platform(
    small: Network, templates: Environment
) -> None:
    for network in (small, for_platform(small, "frr"), virtual(small, MANAGEMENT)):
        for name, files in render_all(network, templates).items():
            assert files, name
            for text in files.values():
                assert "10.10.21." not in text, "an address of the default region"
                assert "imereti" not in text.lower().replace("imereti network toolkit", "")


def templates_of(folder: Path, text: str) -> Environment:
    """An environment with one template for cisco_ios."""
    (folder / "cisco_ios").mkdir(exist_ok=True)
    (folder / "cisco_ios" / "device.j2").write_text(text)
    return environment(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hostname {{ d.hostnam }}\n", "has no attribute 'hostnam'"),
        ("hostname {{ nobody }}\n", "'nobody' is undefined"),
        ("{% for i in d.interfaces %}\n", "rendering zes-rtr1 failed: "),
        ("{% include 'cisco_ios/_no.j2' %}\n", "cisco_ios/_no.j2"),
        ("{{ d.router_id + 1 }}\n", "can only concatenate str"),
    ],
)
def test_a_failing_template_is_named_with_its_line(
    text: str, said: str, network: Network, tmp_path: Path
) -> None:
    templates = templates_of(tmp_path, "! first line\n" + text)
    with pytest.raises(RenderError) as caught:
        render_device(network, network.devices["zes-rtr1"], templates)
    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / "cisco_ios" / "device.j2")
    assert problem.line == 2
    assert said in problem.message


def test_a_platform_without_templates_is_named_with_what_there_is(
    network: Network, templates: Environment
) -> None:
    device = replace(network.devices["zes-rtr1"], platform="cisco_iso")
    with pytest.raises(RenderError) as caught:
        render_device(network, device, templates)
    (problem,) = caught.value.problems
    assert problem.message == (
        "platform 'cisco_iso' of zes-rtr1 has no templates, "
        "expected cisco_ios or frr or linux_bridge."
    )
    assert problem.hint == "Did you mean 'cisco_ios'?"


def test_a_folder_without_templates_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="one folder of templates a platform"):
        environment(tmp_path / "nowhere")


def test_compiled_templates_are_kept_and_a_broken_one_is_made_anew(
    network: Network, checkout: Path, tmp_path: Path
) -> None:
    device = network.devices["zes-rtr1"]
    first = render_device(network, device, environment(checkout / "templates", tmp_path))
    kept = list(tmp_path.iterdir())
    assert kept
    for path in kept:
        path.write_bytes(b"rubbish")
    again = render_device(network, device, environment(checkout / "templates", tmp_path))
    assert again == first


def test_a_changed_template_is_not_taken_from_the_cache(network: Network, tmp_path: Path) -> None:
    device, cache = network.devices["zes-rtr1"], tmp_path / "cache"
    (tmp_path / "cisco_ios").mkdir()
    for word in ("one", "two"):
        (tmp_path / "cisco_ios" / "device.j2").write_text(word)
        files = render_device(network, device, environment(tmp_path, cache))
        assert files == {"zes-rtr1.cfg": word}
