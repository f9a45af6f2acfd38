"""/api/v1/services and what devices tell: their health, routing, traps and log lines."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api import documents
from api.answers import Page, answer, page_of, rows
from api.problems import Problem
from api.routes.common import answers, known
from api.schemas import DeviceWhole, EventShape, ServiceNow
from api.showing import Showing
from inventory.errors import StoreError
from inventory.model import Device
from monitor.store.base import KEPT_EVENTS
from monitor.values import LinkState

Many = Annotated[list[str], Query(description="Repeatable, or a comma list.")]


def router(showing: Showing) -> APIRouter:
    """Routes under /api/v1."""
    routes = APIRouter(tags=["told"])
    network, live = showing.network, showing.live

    @routes.get("/services", responses=answers(list[ServiceNow], 422))
    async def services(
        request: Request,
        page: Annotated[Page, Depends(page_of)],
        state: Many = [],  # noqa: B006  (FastAPI copies it)
    ) -> Response:
        """What people use, and whether it answers."""
        states = known("state", state, list(LinkState))
        chosen = [
            documents.service_now(check, live.now.services[check.id])
            for check in network.region.services.checks
            if check.id in live.now.services
            and (not states or live.now.services[check.id].state in states)
        ]
        return rows(request, page, chosen)

    @routes.get("/devices/{device_id}", responses=answers(DeviceWhole, 404))
    async def device(request: Request, device_id: str) -> Response:
        """One device: how it is, its CPU, memory and temperature, its OSPF and BGP."""
        one = _device(showing, device_id)
        document = documents.device_whole(
            one, live.now.devices[one.name], live.now.facts.get(one.name)
        )
        return answer(request, documents.dumps(document))

    @routes.get("/devices/{device_id}/events", responses=answers(list[EventShape], 404, 503))
    async def events(
        request: Request, device_id: str, page: Annotated[Page, Depends(page_of)]
    ) -> Response:
        """The last traps and log lines of a device, newest first."""
        one = _device(showing, device_id)
        try:
            found = await asyncio.to_thread(showing.store.events, [one.name], KEPT_EVENTS)
        except StoreError as error:
            raise Problem(503, str(error)) from None
        return rows(request, page, [documents.event(each) for each in found])

    return routes


def _device(showing: Showing, device_id: str) -> Device:
    if device_id not in showing.network.devices:
        raise Problem(404, f"there is no device {device_id!r} in the inventory")
    return showing.network.devices[device_id]
