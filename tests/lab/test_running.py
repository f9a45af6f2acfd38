"""Rendered against running: every line counts, no order does, and the template is named."""

from pathlib import Path

from lab.running import Difference, differences, nft_refusal, refused, template_of

RENDERED = """\
frr version 8.4.4
hostname r1
service integrated-vtysh-config
!
interface ge0-0-0
 ip address 10.0.0.0/31
 ip ospf cost 100
exit
!
router bgp 64512
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
 exit-address-family
exit
!
end
"""
RUNNING = """\
Building configuration...

Current configuration:
!
frr version 8.4.4
hostname r1
!
router bgp 64512
 !
 address-family ipv4 unicast
  neighbor 10.0.0.1 activate
 exit-address-family
exit
!
interface ge0-0-0
 ip address 10.0.0.0/31
exit
!
interface ge0-0-0
 ip ospf cost 100
exit
!
end
"""


def test_the_same_statements_in_another_order_are_no_difference() -> None:
    assert differences("r1", "frr.conf", RENDERED, RUNNING) == []


def test_a_missing_and_a_surplus_line_are_named_with_their_stanza() -> None:
    running = RUNNING.replace("ip ospf cost 100", "ip ospf cost 10")
    assert differences("r1", "frr.conf", RENDERED, running) == [
        Difference(
            "r1",
            "frr.conf",
            7,
            "interface ge0-0-0 / ip ospf cost 100",
            "expected it in the running configuration",
        ),
        Difference(
            "r1",
            "frr.conf",
            0,
            "interface ge0-0-0 / ip ospf cost 10",
            "runs on the router, but was not rendered",
        ),
    ]


def test_the_same_line_in_another_stanza_is_a_difference() -> None:
    running = RUNNING.replace("interface ge0-0-0\n ip ospf", "interface ge0-0-1\n ip ospf")
    assert len(differences("r1", "frr.conf", RENDERED, running)) == 3


def test_what_vtysh_complains_of_is_told_with_the_line() -> None:
    said = "line 7: % Unknown command:  ip ospf cost 100\nline 99: nothing of ours\n"
    assert refused("r1", "frr.conf", RENDERED, said) == [
        Difference("r1", "frr.conf", 7, "ip ospf cost 100", "% Unknown command:  ip ospf cost 100")
    ]


def test_what_nft_complains_of_is_told_with_the_line() -> None:
    said = (
        "/etc/nftables.conf:3:5-9: Error: syntax error, unexpected string\n"
        "    chane input {\n    ^^^^^\n"
    )
    assert nft_refusal(said) == (3, "chane input {", "syntax error, unexpected string")


def test_the_template_line_with_the_most_letters_in_common_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "frr"
    folder.mkdir(parents=True)
    (folder / "_a.j2").write_text("{{ anything }}\n ip ospf {{ words }}\n")
    (folder / "_b.j2").write_text("\n ip ospf cost {{ i.ospf.cost }}\n")
    text = "interface ge0-0-0 / ip ospf cost 100"
    assert template_of(tmp_path / "templates", "frr", text) == "templates/frr/_b.j2:2"
    assert template_of(tmp_path / "templates", "frr", "router bgp 1") == ""
