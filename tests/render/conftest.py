"""What the tests of rendering share: both regions, the templates, and `--update`."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from jinja2 import Environment

from inventory.load import load_network
from inventory.model import Network
from inventory.view import virtual
from nornir_tasks.build import for_platform
from nornir_tasks.render import Renderer, environment

MANAGEMENT = IPv4Network("172.20.20.0/24")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="write the golden files anew; then read git diff"
    )


@pytest.fixture(scope="session")
def updating(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written (`pytest tests/render --update`)."""
    return bool(request.config.getoption("--update", default=False))


@pytest.fixture(scope="session")
def network(checkout: Path) -> Network:
    """The default network."""
    return load_network(checkout / "inventory")


@pytest.fixture(scope="session")
def small(checkout: Path) -> Network:
    """The second region: other codes, other prefixes, no change of program or template."""
    return load_network(checkout / "tests" / "regions" / "small")


@pytest.fixture(scope="session")
def templates(checkout: Path) -> Environment:
    """The templates, compiled in memory."""
    return environment(checkout / "templates")


Files = Mapping[str, str]


def render_all(network: Network, templates: Environment) -> dict[str, Files]:
    """Device -> its files."""
    renderer = Renderer(network, templates)
    return {name: renderer.render(device) for name, device in network.devices.items()}


@pytest.fixture(scope="session")
def ios(network: Network, templates: Environment) -> dict[str, str]:
    """Device -> its IOS configuration."""
    rendered = render_all(network, templates)
    return {name: files[f"{name}.cfg"] for name, files in rendered.items()}


@pytest.fixture(scope="session")
def frr(network: Network, templates: Environment) -> dict[str, Files]:
    """Routing device -> its files, as `render --platform frr` gives them."""
    converted = for_platform(network, "frr")
    rendered = render_all(converted, templates)
    return {name: files for name, files in rendered.items() if "frr.conf" in files}


@pytest.fixture(scope="session")
def lab(network: Network, templates: Environment) -> dict[str, Files]:
    """Device -> its files, as the lab runs them."""
    return render_all(virtual(network, MANAGEMENT), templates)
