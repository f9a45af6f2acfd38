"""Differences, incremental differences, and the commands of a replace, from text alone."""

from lab.ios_standin.text_tree import differences, incremental, parse, rollback_commands

OLD = """\
hostname r1
interface GigabitEthernet0/0/1
 description old
 ip address 10.0.0.1 255.255.255.0
interface Loopback1
 ip address 10.255.0.1 255.255.255.255
ip access-list extended A
 permit tcp any any eq 22
 deny ip any any
ntp server 10.99.1.5
end
"""


def test_a_file_differs_from_itself_in_nothing() -> None:
    assert differences(OLD, OLD) == ()
    assert rollback_commands(OLD, OLD) == ()
    assert incremental(OLD, OLD) == ()


def test_headers_comments_and_the_order_of_sections_are_no_difference() -> None:
    head = (
        "Building configuration...\n\nCurrent configuration : 9 bytes\n! Last change\nversion 17\n"
    )
    lines = OLD.splitlines()
    moved = [*lines[-2:-1], *lines[:-2], lines[-1]]
    assert differences(OLD, head + "\n".join(moved) + "\n") == ()


def test_a_difference_names_the_block_and_marks_the_line_in_its_place() -> None:
    new = OLD.replace("description old", "description new").replace("ntp server 10.99.1.5\n", "")
    assert differences(OLD, new) == (
        "interface GigabitEthernet0/0/1",
        " +description new",
        "interface GigabitEthernet0/0/1",
        " -description old",
        "-ntp server 10.99.1.5",
    )


def test_a_new_block_is_marked_line_by_line() -> None:
    new = OLD.replace("ntp server", "vlan 10\n name ten\nntp server")
    assert differences(OLD, new) == ("+vlan 10", " +name ten")


def test_a_replace_removes_before_it_adds_and_never_a_physical_interface() -> None:
    new = OLD.split("interface", maxsplit=1)[0] + "ntp server 10.99.1.6\nend\n"
    assert rollback_commands(OLD, new) == (
        "interface GigabitEthernet0/0/1",
        " no description old",
        " no ip address 10.0.0.1 255.255.255.0",
        "no interface Loopback1",
        "no ip access-list extended A",
        "no ntp server 10.99.1.5",
        "ntp server 10.99.1.6",
    )


def test_an_entry_that_moves_in_an_access_list_is_a_difference_and_is_typed_anew() -> None:
    new = OLD.replace(" permit tcp any any eq 22\n deny ip any any\n", "").replace(
        "extended A\n", "extended A\n deny ip any any\n permit tcp any any eq 22\n"
    )
    assert "!The following order-dependent line(s) were re-ordered" in differences(OLD, new)
    assert rollback_commands(OLD, new) == (
        "ip access-list extended A",
        " no permit tcp any any eq 22",
        " no deny ip any any",
        "ip access-list extended A",
        " deny ip any any",
        " permit tcp any any eq 22",
    )


def test_an_entry_put_into_the_middle_moves_what_follows_it() -> None:
    new = OLD.replace(" deny ip any any\n", " permit tcp any any eq 80\n deny ip any any\n")
    assert rollback_commands(OLD, new)[-2:] == (" permit tcp any any eq 80", " deny ip any any")


def test_incremental_differences_are_the_commands_that_would_do_something() -> None:
    merge = (
        "interface GigabitEthernet0/0/1\n description new\n"
        "no ntp server 10.99.1.5\nno vlan 7\nend\n"
    )
    assert incremental(OLD, merge) == (
        "interface GigabitEthernet0/0/1",
        " description new",
        "no ntp server 10.99.1.5",
    )


def test_a_banner_is_one_line_whatever_its_text_looks_like() -> None:
    text = "banner motd \x03\nhostname fake\n interface fake\n\x03\nhostname r1\nend\n"
    assert list(parse(text).children) == [
        "banner motd \x03\nhostname fake\n interface fake\n\x03",
        "hostname r1",
    ]
