"""The raw line: prompts, modes, paging, errors, privileges, as a person sees them."""

import re

import paramiko
import pytest

from lab.ios_standin.hosting import Hosted
from tests.ios_standin.shell import Shell


def test_prompts_follow_the_mode(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        assert shell.until("#").endswith("zes-rtr1#")
        assert shell.send("conf t").endswith("zes-rtr1(config)#")
        assert shell.send("int gi0/0/1").endswith("zes-rtr1(config-if)#")
        assert shell.send("router ospf 1").endswith("zes-rtr1(config-router)#")
        assert shell.send("router bgp 64512").endswith("(config-router)#")
        assert shell.send("address-family ipv4").endswith("(config-router-af)#")
        assert shell.send("exit-address-family").endswith("(config-router)#")
        assert shell.send("exit").endswith("zes-rtr1(config)#")
        assert shell.send("hostname other").endswith("other(config)#")
        assert shell.send("end").endswith("\nother#")


def test_a_viewer_starts_without_privileges_and_enables_with_the_secret(router: Hosted) -> None:
    router.call(lambda: setattr(router.device("zes-rtr1"), "credentials", {"viewer": "v"}))
    with Shell(router.port("zes-rtr1"), "viewer", "v") as shell:
        assert shell.until(">").endswith("zes-rtr1>")
        assert "Current privilege level is 1" in shell.send("show privilege")
        assert "% Invalid input" in shell.send("show running-config")
        assert shell.send("enable", "Password: ")
        assert shell.send("wrong", "Password: ")
        assert shell.send("enable").endswith("zes-rtr1#")
        assert "Current privilege level is 15" in shell.send("show privilege")
        assert shell.send("disable").endswith("zes-rtr1>")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("shaw version", "         ^\n% Invalid input detected at '^' marker.\n"),
        ("show versionn", "              ^\n% Invalid input detected at '^' marker.\n"),
        ("show", "% Incomplete command.\n"),
        ("co", '% Ambiguous command:  "co"\n'),
    ],
)
def test_a_wrong_command_is_refused_in_the_words_of_ios(
    router: Hosted, line: str, answer: str
) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        assert answer in shell.send(line)


def test_the_caret_stands_under_the_word_at_fault(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("configure terminal")
        text = shell.send("interface gi0/0/9")
        prompt = "zes-rtr1(config)#"
        assert f"\n{' ' * (len(prompt) + 10)}^\n" in text


def test_long_answers_come_in_pages(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1"), height=24) as shell:
        shell.until("#")
        first = shell.send("show running-config", " --More-- ")
        assert first.count("\n") == 24
        shell.channel.sendall(b" ")
        assert " --More-- " in shell.until(" --More-- ")
        shell.channel.sendall(b"q")
        assert shell.until("#").endswith("zes-rtr1#")
        shell.send("terminal length 0")
        assert "--More--" not in shell.send("show running-config")


def test_show_running_has_the_headers_and_ends_with_end(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("term len 0")
        text = shell.send("sh run")
        assert "Building configuration...\n\nCurrent configuration : " in text
        assert "! Last configuration change at " in text
        assert re.search(r"\nend\n\nzes-rtr1#\Z", text)
        assert " by admin" not in text
        shell.send("conf t")
        shell.send("ntp server 10.0.0.1")
        shell.send("end")
        assert re.search(r"! Last configuration change at .* by admin\n", shell.send("sh run"))


@pytest.mark.parametrize(
    ("pipe", "expected"),
    [
        ("include ip scp", ["ip scp server enable"]),
        ("section router ospf", ["router ospf 1", " router-id 10.255.0.21"]),
        ("count interface Gig", ["Number of lines which match regexp = 5"]),
    ],
)
def test_pipes_filter_an_answer(router: Hosted, pipe: str, expected: list[str]) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        lines = shell.send(f"show running-config | {pipe}").splitlines()[1:-1]
        assert lines[: len(expected)] == expected


def test_editing_keys_work(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        assert "privilege level" in shell.send("garbage\x15show privx\x7filege")
        shell.send("configure terminal")
        shell.channel.sendall(b"\x1a")
        assert shell.until("#").endswith("^Z\nzes-rtr1#")


def test_a_banner_is_typed_over_several_lines(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("configure terminal")
        shell.send("banner motd %", r"End with the character '%'\.\n")
        shell.channel.sendall(b"Keep out\r%\r")
        shell.until(r"\(config\)#")
        shell.send("end")
        shell.send("terminal length 0")
        assert "banner motd ^C\nKeep out\n^C" in shell.send("show running-config")


def test_what_was_typed_is_logged_without_its_keys(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.send("configure terminal")
        shell.send("enable secret verysecret")
        shell.send("end")
        logged = shell.send("show archive log config all")
        assert "enable secret *****" in logged
        assert "verysecret" not in logged
        assert "Configured from console by admin on vty1 (127.0.0.1)" in shell.send("show logging")


def test_one_session_can_lock_the_configuration(router: Hosted) -> None:
    port = router.port("zes-rtr1")
    with Shell(port) as owner, Shell(port) as other:
        owner.until("#")
        other.until("#")
        owner.send("configure terminal lock")
        assert "State : LOCKED" in other.send("show configuration lock")
        assert "Configuration mode locked exclusively" in other.send("configure terminal")
        owner.send("end")
        assert "(config)#" in other.send("configure terminal")


def test_one_command_may_come_with_the_connection(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        _, answer, _ = shell.client.exec_command("show clock", timeout=10)
        assert "UTC" in answer.read().decode()


def test_a_wrong_password_is_refused(router: Hosted) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        Shell(router.port("zes-rtr1"), "admin", "wrong")


def test_an_unknown_user_is_refused(router: Hosted) -> None:
    with pytest.raises(paramiko.AuthenticationException):
        Shell(router.port("zes-rtr1"), "nobody", "admin")


def test_exit_ends_the_session(router: Hosted) -> None:
    with Shell(router.port("zes-rtr1")) as shell:
        shell.until("#")
        shell.channel.sendall(b"exit\r")
        assert shell.closed()
