"""netmiko's cisco_ios, as a playbook uses it."""

from collections.abc import Iterator
from typing import Any

import pytest
from netmiko import ConnectHandler
from netmiko.exceptions import ConfigInvalidException

from lab.ios_standin.hosting import Hosted

Connection = Any  # netmiko publishes no types


@pytest.fixture
def connection(router: Hosted) -> Iterator[Connection]:
    """A connection as admin."""
    found = ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=router.port("zes-rtr1"),
        username="admin",
        password="admin",
        secret="enable",
    )
    yield found
    found.disconnect()


def test_a_set_of_lines_is_typed_and_saved(router: Hosted, connection: Connection) -> None:
    connection.send_config_set(["interface lo9", "description by netmiko"])
    assert "description by netmiko" in connection.send_command("show run interface Loopback9")
    assert "[OK]" in connection.save_config()
    device = router.device("zes-rtr1")
    assert "interface Loopback9" in router.call(lambda: device.startup)


def test_a_refused_line_is_found_by_the_error_pattern(connection: Connection) -> None:
    with pytest.raises(ConfigInvalidException):
        connection.send_config_set(["no such line"], error_pattern=r"% Invalid")


def test_a_viewer_is_enabled(router: Hosted) -> None:
    router.call(lambda: setattr(router.device("zes-rtr1"), "credentials", {"viewer": "v"}))
    with ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=router.port("zes-rtr1"),
        username="viewer",
        password="v",
        secret="enable",
    ) as found:
        assert not found.check_enable_mode()
        found.enable()
        assert found.check_enable_mode()


def test_the_banner_of_a_device_does_not_confuse_the_client(router: Hosted) -> None:
    router.call(
        lambda: router.device("zes-rtr1").configuration.apply(
            (router.device("zes-rtr1").configuration.root,), "banner motd \x03\n# Stop #\n\x03"
        )
    )
    with ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=router.port("zes-rtr1"),
        username="admin",
        password="admin",
    ) as found:
        assert found.find_prompt() == "zes-rtr1#"
        assert "UTC" in found.send_command("show clock")
