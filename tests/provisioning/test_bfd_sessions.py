"""What devices print of BFD, session by session."""

import json

from nornir_tasks.drivers import frr_state, ios_state
from tests.monitor.networks import default_network

SESSIONS = [
    {"peer": "10.0.0.1", "interface": "ge0-0-0", "status": "up"},
    {"peer": "10.0.0.9", "interface": "ge0-0-0", "status": "down"},
    {"peer": "10.0.0.1", "interface": "ge0-0-0", "status": "up"},
    {"peer": "fe80::1", "interface": "ge0-0-0", "status": "up"},
    {"peer": "10.255.0.1", "status": "down"},
]
SHOWN = """
IPv4 Sessions
NeighAddr                                  LD/RD        RH/RS     State     Int
10.0.0.9                                   4099/0       Down      Down      Gi0/0/0
10.0.0.1                                   4098/4098    Up        Up        Gi0/0/0

IPv6 Sessions
NeighAddr                                  LD/RD        RH/RS     State     Int
FE80::1                                    4100/4100    Up        Up        Gi0/0/0
"""


def test_of_a_family_all_sessions_that_are_shown_have_to_be_up() -> None:
    mark = f"{frr_state._MARK}\n"
    brief = json.dumps({"ge0-0-0": {"status": "up"}})
    said = f"{brief}\n{json.dumps(SESSIONS)}\n{mark}{mark}"
    assert frr_state.read("r1", said, ()).bfd == {("ge0-0-0", 4): False, ("ge0-0-0", 6): True}

    device = default_network().devices["zes-rtr1"]
    port = "GigabitEthernet0/0/0"
    assert ios_state.bfd(SHOWN, device) == {(port, 4): False, (port, 6): True}
