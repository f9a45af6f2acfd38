"""The promise of the timer, on a clock that a test moves."""

from pathlib import Path

import pytest

from lab.ios_standin import IosStandin, ManualClock, StateFile
from tests.ios_standin.conftest import ROUTER, Serve
from tests.ios_standin.shell import Shell

NEW_LINE = "ntp server 10.0.0.9"


def router(clock: ManualClock, **options: object) -> IosStandin:
    return IosStandin("zes-rtr1", ROUTER, clock=clock, **options)  # type: ignore[arg-type]


def change(device: IosStandin) -> None:
    device.configuration.apply((device.configuration.root,), NEW_LINE)
    device.touched("admin")


def test_an_unconfirmed_change_goes_at_the_minute_and_not_before() -> None:
    clock = ManualClock()
    device = router(clock)
    assert device.arm(2, "admin")
    change(device)
    clock.advance(119)
    assert NEW_LINE in device.running()
    clock.advance(1)
    assert NEW_LINE not in device.running()
    assert device.revert.pending is None


def test_a_confirmed_change_stays() -> None:
    clock = ManualClock()
    device = router(clock)
    device.arm(1, "admin")
    change(device)
    assert device.revert.confirm()
    clock.advance(3600)
    assert NEW_LINE in device.running()
    assert not device.revert.confirm()


def test_the_timer_can_be_set_anew() -> None:
    clock = ManualClock()
    device = router(clock)
    device.arm(1, "admin")
    change(device)
    assert device.revert.rearm(5)
    clock.advance(120)
    assert NEW_LINE in device.running()
    clock.advance(180)
    assert NEW_LINE not in device.running()


def test_reverting_leaves_the_startup_configuration_alone() -> None:
    clock = ManualClock()
    device = router(clock)
    before = device.startup
    device.arm(1, "admin")
    change(device)
    clock.advance(60)
    assert device.startup == before


def test_the_timer_needs_an_archive_with_room() -> None:
    clock = ManualClock()
    without = IosStandin("r", ROUTER.replace(" path flash:archive\n", ""), clock=clock)
    assert not without.arm(1, "admin")
    assert not router(clock, free_bytes=100).arm(1, "admin")


def test_a_loss_of_power_ends_the_timer_and_brings_the_startup_configuration() -> None:
    clock = ManualClock()
    device = router(clock)
    device.arm(5, "admin")
    change(device)
    device.power_cycle()
    assert device.view.why_unreachable() == "it is booting"
    clock.advance(1)
    assert device.view.why_unreachable() == ""
    assert NEW_LINE not in device.running()
    assert device.revert.pending is None


def test_a_scheduled_reload_happens_unless_it_is_cancelled() -> None:
    clock = ManualClock()
    device = router(clock)
    change(device)
    device.reload_in(5)
    assert device.cancel_reload()
    clock.advance(600)
    assert NEW_LINE in device.running()
    device.reload_in(5)
    clock.advance(301)
    assert NEW_LINE not in device.running()


def test_a_killed_process_finds_everything_again(tmp_path: Path) -> None:
    clock = ManualClock()
    first = router(clock, state=StateFile(tmp_path / "zes-rtr1.json"))
    first.configuration.apply(
        (first.configuration.root,), "snmp-server user poller NOC v3 auth sha aaaaaaaa"
    )
    first.write_file("flash:candidate", b"hello")
    first.arm(2, "admin")
    change(first)

    second = router(clock, state=StateFile(tmp_path / "zes-rtr1.json"))
    second.start()
    assert NEW_LINE in second.running()
    assert second.startup == ROUTER
    assert second.flash.read("flash:candidate") == b"hello"
    assert list(second.configuration.private)
    assert second.revert.pending is not None
    clock.advance(121)
    assert NEW_LINE not in second.running()


def test_what_is_pending_can_be_asked_for(serve_one: Serve) -> None:
    hosted = serve_one()
    with Shell(hosted.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "%No Rollback Confirmed Change pending" in shell.send(
            "show archive config rollback timer"
        )
        assert "Backing up current running config to flash:archive-" in shell.send(
            "configure terminal revert timer 3"
        )
        shell.send("end")
        text = shell.send("show archive config rollback timer")
        assert "Timer value: 3 min\nUser: admin\n" in text
        assert "waits for its confirmation" in shell.send("configure terminal revert timer 3")
        assert "Rollback Done" in shell.send("configure revert now")
        assert "%No Rollback" in shell.send("configure confirm")


@pytest.mark.parametrize("command", ["configure revert now", "configure confirm"])
def test_nothing_pending_is_said_so(serve_one: Serve, command: str) -> None:
    with Shell(serve_one().port("zes-rtr1")) as shell:
        shell.until("#")
        assert "%No Rollback Confirmed Change pending" in shell.send(command)
