"""The real NAPALM driver against a stand-in: every step of a change, and the getters."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from napalm import get_network_driver
from napalm.base.exceptions import (
    CommandErrorException,
    CommitConfirmException,
    ReplaceConfigException,
)

from lab.ios_standin.hosting import Hosted

Driver = Any  # NAPALM publishes no types
Open = Callable[..., Driver]

CHANGED = " description to kut-core2"


@pytest.fixture
def napalm() -> Iterator[Open]:
    """Opens NAPALM's driver to a hosted router; keyword arguments are its optional_args."""
    with ExitStack() as stack:

        def start(router: Hosted, **options: object) -> Driver:
            driver = get_network_driver("ios")(
                "127.0.0.1",
                "admin",
                "admin",
                timeout=20,
                optional_args={"port": router.port("zes-rtr1"), **options},
            )
            driver.open()
            stack.callback(driver.close)
            return driver

        yield start


def running(router: Hosted) -> str:
    return router.call(router.device("zes-rtr1").running)


def startup(router: Hosted) -> str:
    return router.call(lambda: router.device("zes-rtr1").startup)


def test_loading_what_runs_is_no_difference(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_replace_candidate(config=running(router))
    assert driver.compare_config() == ""


def test_a_replace_is_armed_confirmed_and_saved(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    wanted = running(router).replace(CHANGED, " description renamed")
    driver.load_replace_candidate(config=wanted)
    assert driver.compare_config() == (
        "interface GigabitEthernet0/0/0\n +description renamed\n"
        "interface GigabitEthernet0/0/0\n -description to kut-core2"
    )
    router.call(lambda: setattr(router.device("zes-rtr1").revert, "_minute_s", 60.0))
    driver.commit_config(revert_in=120)
    assert driver.has_pending_commit()
    assert driver.compare_config() == ""
    assert CHANGED in startup(router)
    driver.confirm_commit()
    assert not driver.has_pending_commit()
    assert " description renamed" in startup(router)


def test_a_replace_that_is_not_confirmed_goes_away(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    before = running(router)
    driver.load_replace_candidate(config=before.replace(CHANGED, " description renamed"))
    driver.commit_config(revert_in=60)
    wait_until(lambda: not driver.has_pending_commit())
    assert CHANGED in running(router)


def wait_until(condition: Callable[[], bool], tries: int = 50) -> None:
    """Asks until it holds; every question takes a tenth of a second or more by itself."""
    assert any(condition() for _ in range(tries))


def test_a_pending_replace_is_rolled_back_at_once(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    router.call(lambda: setattr(router.device("zes-rtr1").revert, "_minute_s", 60.0))
    driver.load_replace_candidate(config=running(router).replace(CHANGED, " description renamed"))
    driver.commit_config(revert_in=60)
    driver.rollback()
    assert CHANGED in running(router)
    assert not driver.has_pending_commit()


def test_a_committed_replace_is_rolled_back_from_its_file(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_replace_candidate(config=running(router).replace(CHANGED, " description renamed"))
    driver.commit_config()
    assert " description renamed" in startup(router)
    driver.rollback()
    assert CHANGED in startup(router)


def test_a_syntax_error_brings_the_old_configuration_back(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    before = running(router)
    broken = before.replace(CHANGED, " description renamed\n ip adress 10.0.0.1 255.255.255.0")
    driver.load_replace_candidate(config=broken)
    with pytest.raises(ReplaceConfigException, match=r"ip adress 10\.0\.0\.1"):
        driver.commit_config()
    assert CHANGED in running(router)
    assert "renamed" not in running(router)


def test_a_file_that_is_no_configuration_is_refused(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_replace_candidate(config="hostname half-a-file\n")
    with pytest.raises(ReplaceConfigException, match="not a valid config file"):
        driver.commit_config()


def test_without_an_archive_nothing_can_be_armed(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    wanted = running(router).replace(" path flash:archive\n", "")
    driver.load_replace_candidate(config=wanted)
    driver.commit_config()
    driver.load_replace_candidate(config=wanted.replace(CHANGED, " description renamed"))
    with pytest.raises(CommitConfirmException, match="archive"):
        driver.commit_config(revert_in=60)


def test_a_merge_shows_its_commands_and_is_rolled_back(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_merge_candidate(config="interface Loopback7\n description merged\nend\n")
    assert driver.compare_config() == "+interface Loopback7\n+ description merged"
    driver.commit_config()
    assert "interface Loopback7" in startup(router)
    driver.rollback()
    assert "interface Loopback7" not in running(router)


def test_a_merge_needs_its_end(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_merge_candidate(config="interface Loopback7\n")
    assert "error 5" in driver.compare_config()


def test_a_merge_may_be_armed_too(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_merge_candidate(config="interface Loopback7\n description merged\nend\n")
    driver.commit_config(revert_in=60)
    assert "interface Loopback7" in running(router)
    wait_until(lambda: not driver.has_pending_commit())
    assert "interface Loopback7" not in running(router)


def test_a_candidate_is_discarded(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.load_replace_candidate(config=running(router).replace(CHANGED, " description other"))
    driver.discard_config()
    assert driver.compare_config() == ""


@pytest.mark.slow
def test_a_file_may_travel_through_the_tcl_shell(router: Hosted, napalm: Open) -> None:
    driver = napalm(router, inline_transfer=True)
    driver.load_merge_candidate(config="interface Loopback7\n description inline\nend")
    assert driver.compare_config() == "+interface Loopback7\n+ description inline"


def test_scp_has_to_be_configured(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    driver.device.send_config_set(["no ip scp server enable"])
    with pytest.raises(CommandErrorException, match="ip scp server enable"):
        driver.load_merge_candidate(config="hostname x\nend\n")


def test_getters_speak_of_the_configuration(router: Hosted, napalm: Open) -> None:
    driver = napalm(router)
    facts = driver.get_facts()
    assert facts["hostname"] == "zes-rtr1"
    assert facts["fqdn"] == "zes-rtr1.imereti.example"
    assert facts["vendor"] == "Cisco"
    assert "GigabitEthernet0/0/1.10" in facts["interface_list"]
    interfaces = driver.get_interfaces()
    assert interfaces["GigabitEthernet0/0/0"]["speed"] == 100.0
    assert interfaces["GigabitEthernet0/0/0"]["description"] == "to kut-core2"
    assert not interfaces["GigabitEthernet0/0/2"]["is_enabled"]
    addresses = driver.get_interfaces_ip()
    assert addresses["GigabitEthernet0/0/0"]["ipv4"] == {"10.254.0.1": {"prefix_length": 31}}
    assert "fd10:1412:7e1:fe00::1" in addresses["GigabitEthernet0/0/0"]["ipv6"]
    peer = driver.get_bgp_neighbors()["global"]["peers"]["10.254.0.0"]
    assert peer["is_up"]
    assert peer["address_family"]["ipv4 unicast"]["sent_prefixes"] == 1
    assert driver.ping("10.254.0.0")["success"]["packet_loss"] == 0
    assert driver.ping("192.0.2.1")["success"]["packet_loss"] == 5
    assert driver.get_config()["running"].splitlines()[-1] == "end"
