"""BFD of cisco_ios, as verify checks it."""

from pathlib import Path

from inventory.model import Link
from nornir_tasks.verify import verify
from tests.ios_standin.test_reach import typed
from tests.provisioning.ios_region import served_region

CHECK, CHECK6 = "BFD", "BFD of IPv6"


def test_verify_sees_bfd_that_one_end_does_not_run(tmp_path: Path) -> None:
    with served_region(tmp_path / "region") as region, region.work() as work:
        checks = {CHECK, CHECK6}
        results = [one for one in verify(work, region.names).results if one.check in checks]
        modelled = {
            (name, interface.name)
            for name in region.names
            for interface in region.network.devices[name].interfaces
            if interface.ospf and interface.ospf.bfd and not interface.ospf.passive
        }
        told = {(one.check, one.device, one.subject) for one in results}
        assert told == {(check, *end) for check in checks for end in modelled}
        assert len(modelled) > 2
        assert all(one.ok for one in results)

        device, port = min(modelled)
        standin = region.hosts.device(device)
        plan = region.network.region.ospf
        times = f"{plan.bfd_interval_ms} min_rx {plan.bfd_interval_ms}"
        interval = f"bfd interval {times} multiplier {plan.bfd_multiplier}"
        region.hosts.call(lambda: typed(standin, f"interface {port}", f"no {interval}"))
        far = next(link for link in region.network.links.values() if (device, port) in ends(link))
        other = next(end for end in ends(far) if end[0] != device)
        broken = [
            (one.check, one.device, one.subject, one.expected, one.found)
            for one in verify(work, (device, other[0])).broken
        ]
        assert sorted(broken) == sorted(
            row
            for check in checks
            for row in (
                (check, device, port, "up", "no session"),
                (check, *other, "up", "down"),
            )
        )


def test_verify_sees_that_bfd_runs_for_one_family_only(tmp_path: Path) -> None:
    with served_region(tmp_path / "region") as region, region.work() as work:
        link = next(one for one in region.network.links.values() if one.bfd)
        (device, port), other = ends(link)
        standin = region.hosts.device(device)
        region.hosts.call(lambda: typed(standin, f"interface {port}", "ospfv3 bfd disable"))
        broken = [
            (one.check, one.device, one.subject, one.found)
            for one in verify(work, (device, other[0])).broken
        ]
        assert sorted(broken) == sorted(
            [(CHECK6, device, port, "no session"), (CHECK6, *other, "down")]
        )


def ends(link: Link) -> tuple[tuple[str, str], tuple[str, str]]:
    return (link.a.device, link.a.interface), (link.b.device, link.b.interface)
