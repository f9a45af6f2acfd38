"""/api/v1/sites, /devices, /topology: the model with its state."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api import documents
from api.answers import Page, answer, page_of, rows
from api.routes.common import answers, known
from api.schemas import DeviceNow, SiteNow, Topology
from api.showing import Showing
from inventory.model import BACKUP_ROLES, DeviceRole, SiteRole
from monitor.values import LinkState

Many = Annotated[list[str], Query(description="Repeatable, or a comma list.")]


def router(showing: Showing) -> APIRouter:
    """Routes under /api/v1."""
    routes = APIRouter(tags=["inventory"])
    network, live = showing.network, showing.live

    @routes.get("/sites", responses=answers(list[SiteNow], 422))
    async def sites(
        request: Request,
        page: Annotated[Page, Depends(page_of)],
        state: Many = [],  # noqa: B006  (FastAPI copies it)
        role: Many = [],  # noqa: B006
    ) -> Response:
        """Every site, and whether it can be reached."""
        states = known("state", state, list(LinkState))
        roles = known("role", role, list(SiteRole))
        chosen = [
            site
            for site in site_documents(showing)
            if (not states or site["state"] in states) and (not roles or site["role"] in roles)
        ]
        return rows(request, page, chosen)

    @routes.get("/devices", responses=answers(list[DeviceNow], 422))
    async def devices(
        request: Request,
        page: Annotated[Page, Depends(page_of)],
        state: Many = [],  # noqa: B006
        role: Many = [],  # noqa: B006
        site: Many = [],  # noqa: B006
    ) -> Response:
        """Every device, and whether it answers."""
        states = known("state", state, list(LinkState))
        roles = known("role", role, list(DeviceRole))
        places = known("site", site, network.sites)
        chosen = [
            documents.device_now(device, live.now.devices[device.name])
            for device in network.devices.values()
            if (not states or live.now.devices[device.name].state in states)
            and (not roles or device.role in roles)
            and (not places or device.site in places)
        ]
        return rows(request, page, chosen)

    @routes.get("/topology", responses=answers(Topology))
    async def topology(request: Request) -> Response:
        """Sites, devices and links as a graph."""
        return answer(request, documents.dumps(_topology(showing)))

    return routes


def site_documents(showing: Showing) -> list[dict[str, Any]]:
    """Every site with its state."""
    now = showing.live.now
    links = {link: status.state for link, status in now.links.items()}
    devices = {device: status.state for device, status in now.devices.items()}
    return [
        documents.site_now(site, showing.network, links, devices, now.pings.get(site.code))
        for site in showing.network.sites.values()
    ]


def _topology(showing: Showing) -> dict[str, Any]:
    network, now = showing.network, showing.live.now
    return {
        "revision": network.revision,
        "sites": site_documents(showing),
        "nodes": [
            {
                "id": device.name,
                "site": device.site,
                "role": str(device.role),
                "state": str(now.devices[device.name].state),
            }
            for device in network.devices.values()
        ],
        "edges": [
            {
                "id": link.id,
                "a": link.a.device,
                "b": link.b.device,
                "role": str(link.role),
                "bandwidth_bps": link.bandwidth_bps,
                "cost": link.cost,
                "backup": link.role in BACKUP_ROLES,
                "state": str(now.links[link.id].state),
            }
            for link in network.links.values()
        ],
    }
