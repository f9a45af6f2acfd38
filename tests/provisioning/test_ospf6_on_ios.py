"""IPv6 adjacencies of cisco_ios, as verify checks them."""

from pathlib import Path

from inventory.model import Device
from nornir_tasks.verify import verify
from tests.ios_standin.test_reach import typed
from tests.provisioning.ios_region import served_region

CHECK = "OSPFv3 adjacency"


def circuits(device: Device) -> set[str]:
    return {
        interface.name
        for interface in device.interfaces
        if interface.ospf and not interface.ospf.passive and interface.ipv6
    }


def test_verify_sees_an_adjacency_that_is_lost_over_ipv6_alone(tmp_path: Path) -> None:
    with served_region(tmp_path / "region") as region, region.work() as work:
        results = verify(work, region.names).results
        for name in region.names:
            found = {one.subject for one in results if (one.check, one.device) == (CHECK, name)}
            assert found == circuits(region.network.devices[name]), name
        assert all(one.ok for one in results if one.check == CHECK)
        assert sum(one.check == CHECK for one in results) > 2

        port = min(circuits(region.network.devices["alp-r1"]))
        device = region.hosts.device("alp-r1")
        region.hosts.call(lambda: typed(device, f"interface {port}", "ospfv3 1 hello-interval 7"))
        broken = [
            (one.check, one.device, one.subject, one.expected, one.found)
            for one in verify(work, ("alp-r1",)).broken
        ]
        assert sorted(broken) == [
            ("BFD of IPv6", "alp-r1", port, "up", "no session"),
            (CHECK, "alp-r1", port, "Full", "no neighbour"),
        ]
