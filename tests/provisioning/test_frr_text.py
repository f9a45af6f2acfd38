"""What an FRR text means, and frr-reload's delta in a person's form."""

import pytest

from nornir_tasks.drivers.frr_text import lines_in, read_delta, same_meaning, shown, unified

TEXT = """\
interface ge0-0-1
 description to zes
 ip ospf cost 10
exit
!
router bgp 64512
 neighbor 10.0.0.1 remote-as 64513
 !
 address-family ipv4 unicast
  neighbor 10.0.0.1 prefix-list OUT out
 exit-address-family
exit
!
ip prefix-list OUT seq 5 permit 10.10.0.0/16
"""


def test_each_line_has_its_contexts() -> None:
    assert lines_in(TEXT)[-2:] == (
        (
            ("router bgp 64512", "address-family ipv4 unicast"),
            "neighbor 10.0.0.1 prefix-list OUT out",
        ),
        ((), "ip prefix-list OUT seq 5 permit 10.10.0.0/16"),
    )


def test_separators_headers_and_the_order_of_blocks_mean_nothing() -> None:
    first, *rest = TEXT.split("\n!\n")
    turned = "\n".join(["Building configuration...", "!", *rest, first, "end", ""])
    assert same_meaning(TEXT, turned)


@pytest.mark.parametrize(
    "changed",
    [
        TEXT.replace("cost 10", "cost 11"),
        TEXT.replace(" ip ospf cost 10\n", ""),
        TEXT.replace("interface ge0-0-1", "interface ge0-0-2"),
        TEXT.replace("  neighbor", " neighbor"),
        TEXT + "ip prefix-list OUT seq 10 permit 10.20.0.0/16\n",
    ],
)
def test_any_other_line_or_context_is_another_meaning(changed: str) -> None:
    assert not same_meaning(TEXT, changed)


DELTA = """

Lines To Delete
===============
interface ge0-0-1
 no description to nowhere
router bgp 64512
 address-family ipv4 unicast
  no neighbor 10.254.0.1 prefix-list OUT out

Lines To Add
============
interface ge0-0-1
 description elsewhere
interface ge0-0-2
interface ge0-0-2
 ip ospf cost 20
ip prefix-list OUT seq 5 permit 10.11.0.0/16
no ip prefix-list OUT seq 5 permit 10.10.0.0/16
"""


def test_the_delta_is_shown_by_context_with_what_goes_before_what_comes() -> None:
    assert shown(*read_delta(DELTA)).splitlines() == [
        " interface ge0-0-1",
        "- description to nowhere",
        "+ description elsewhere",
        " router bgp 64512",
        "  address-family ipv4 unicast",
        "-  neighbor 10.254.0.1 prefix-list OUT out",
        "-ip prefix-list OUT seq 5 permit 10.10.0.0/16",
        "+ip prefix-list OUT seq 5 permit 10.11.0.0/16",
        " interface ge0-0-2",
        "+ ip ospf cost 20",
    ]


def test_an_empty_delta_is_no_difference() -> None:
    assert shown(*read_delta("")) == ""


def test_the_removal_of_a_negative_line_is_shown_as_that_line() -> None:
    delta = "Lines To Delete\n===\nrouter bgp 1\n bgp ebgp-requires-policy\n"
    assert shown(*read_delta(delta)).splitlines()[-1] == "- no bgp ebgp-requires-policy"


def test_a_plain_difference_has_no_headers() -> None:
    assert unified("a\nb\nc\n", "a\nx\nc\n").splitlines() == [" a", "-b", "+x", " c"]
