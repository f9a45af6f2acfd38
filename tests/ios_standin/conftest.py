"""A district router as a stand-in, and ways to reach it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address

import pytest

from lab.ios_standin import IosStandin
from lab.ios_standin.hosting import Hosted, hosted

ROUTER = """\
service password-encryption
hostname zes-rtr1
enable secret 5 $1$abcd$0123456789abcdefghijkl
aaa new-model
username admin privilege 15 secret 5 $1$abcd$0123456789abcdefghijkl
username viewer privilege 1 secret 5 $1$abcd$0123456789abcdefghijkl
archive
 log config
  logging enable
  hidekeys
 path flash:archive
lldp run
ip domain name imereti.example
ip ssh version 2
ip scp server enable
interface Loopback0
 ip address 10.255.0.21 255.255.255.255
 ip ospf 1 area 0
interface GigabitEthernet0/0/0
 description to kut-core2
 bandwidth 100000
 ip address 10.254.0.1 255.255.255.254
 ip ospf authentication message-digest
 ip ospf message-digest-key 1 md5 7 070C285F4D06
 ip ospf network point-to-point
 ip ospf dead-interval 4
 ip ospf hello-interval 1
 ip ospf 1 area 0
 ipv6 address FD10:1412:7E1:FE00::1/127
interface GigabitEthernet0/0/1
 description to zes-sw1
 no ip address
interface GigabitEthernet0/0/1.10
 description zes-gov
 encapsulation dot1Q 10
 ip address 10.10.21.1 255.255.255.0
interface GigabitEthernet0/0/2
 description unused
 no ip address
 shutdown
router ospf 1
 router-id 10.255.0.21
 passive-interface default
 no passive-interface GigabitEthernet0/0/0
router bgp 64512
 no bgp default ipv4-unicast
 neighbor 10.254.0.0 remote-as 64513
 neighbor 10.254.0.0 description central government
 address-family ipv4
  network 10.10.0.0 mask 255.255.0.0
  neighbor 10.254.0.0 activate
  neighbor 10.254.0.0 prefix-list OUT out
 exit-address-family
ip route 10.10.0.0 255.255.0.0 Null0
ip access-list standard MANAGEMENT
 permit 10.99.1.0 0.0.0.255
ip prefix-list OUT seq 5 permit 10.10.0.0/16
line con 0
 logging synchronous
line vty 0 4
 access-class MANAGEMENT in
 transport input ssh
end
"""

MANAGEMENT = IPv4Address("10.255.0.21")

Serve = Callable[..., Hosted]


@pytest.fixture
def serve_one() -> Iterator[Serve]:
    """Serves one router; keyword arguments go to IosStandin."""
    with ExitStack() as stack:

        def start(running: str = ROUTER, **options: object) -> Hosted:
            standin = IosStandin("zes-rtr1", running, **options)  # type: ignore[arg-type]
            return stack.enter_context(hosted([standin]))

        yield start


@pytest.fixture
def router(serve_one: Serve) -> Hosted:
    """The district router, reachable by everyone, its minutes a second long."""
    return serve_one(minute_s=1.0)
