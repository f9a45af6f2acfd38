"""A machine that insists on an address which is somebody else's.

`python -m lab.claimant PID_FILE INTERFACE ADDRESS` goes into the background and tells the LAN once
a second that ADDRESS is here: gratuitous ARP (RFC 5227, 3), or an unsolicited Neighbor
Advertisement with the Override flag (RFC 4861, 7.2.6), until it is killed.
"""

import contextlib
import os
import socket
import struct
import sys
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

EVERY_S = 1.0
"""Linux takes a new owner for an address at most once a second."""
ETH_ARP, ETH_IPV6 = 0x0806, 0x86DD
NEIGHBOR_ADVERTISEMENT, ALL_NODES = 136, IPv6Address("ff02::1")
OVERRIDE = 0x20000000


def arp_frame(mac: bytes, address: IPv4Address) -> bytes:
    """A gratuitous ARP reply to everybody."""
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2)
    body += mac + address.packed + b"\xff" * 6 + address.packed
    return b"\xff" * 6 + mac + struct.pack("!H", ETH_ARP) + body


def advertisement_frame(mac: bytes, address: IPv6Address) -> bytes:
    """An unsolicited Neighbor Advertisement to all nodes."""
    option = struct.pack("!BB", 2, 1) + mac
    message = struct.pack("!I", OVERRIDE) + address.packed + option
    length = len(message) + 4
    pseudo = address.packed + ALL_NODES.packed + struct.pack("!II", length, socket.IPPROTO_ICMPV6)
    head = struct.pack("!BBH", NEIGHBOR_ADVERTISEMENT, 0, 0)
    total = sum(struct.unpack(f"!{(len(pseudo) + length) // 2}H", pseudo + head + message))
    total = (total >> 16) + (total & 0xFFFF)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    head = struct.pack("!BBH", NEIGHBOR_ADVERTISEMENT, 0, checksum)
    packet = struct.pack("!IHBB", 6 << 28, length, socket.IPPROTO_ICMPV6, 255)
    packet += address.packed + ALL_NODES.packed + head + message
    return b"\x33\x33\x00\x00\x00\x01" + mac + struct.pack("!H", ETH_IPV6) + packet


def main() -> int:
    """Exit 0 once it claims in the background."""
    pid_file, interface, text = sys.argv[1:]
    address = ip_address(text)
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((interface, 0))
    mac = sender.getsockname()[4]
    frame = (
        arp_frame(mac, address)
        if isinstance(address, IPv4Address)
        else advertisement_frame(mac, address)
    )
    if claimant := os.fork():
        Path(pid_file).write_text(f"{claimant}\n", encoding="ascii")
        return 0
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    while True:
        with contextlib.suppress(OSError):  # its port is down for the moment
            sender.send(frame)
        time.sleep(EVERY_S)


if __name__ == "__main__":
    sys.exit(main())
