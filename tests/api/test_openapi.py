"""/openapi.json is true: every path answers, and every answer has the shape it promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from monitor.values import LinkState
from tests.api.conftest import World
from tests.api.filling import fill_notes, fill_trouble, turn

VALUES = {"link_id": "kut-zes", "number": "1", "device_id": "zes-rtr1"}
NEEDED = {"/api/v1/links/{link_id}/series": "?metric=in_bps"}
STREAMS = {"/api/v1/events"}


async def document(world: World) -> dict[str, Any]:
    answer = await world.client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi["paths"].items():
        assert set(methods) == {"get"}, f"{path}: this API only reads"
        yield path, methods["get"]


def check(openapi: dict[str, Any], schema: dict[str, Any], body: Any) -> None:
    whole = schema | {"components": openapi["components"]}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    errors = [
        f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(body)
    ]
    assert errors == []


async def test_every_path_of_the_contract_is_described(world: World) -> None:
    paths = set((await document(world))["paths"])
    contract = {
        "sites", "devices", "links", "links/{link_id}", "links/{link_id}/series", "topology",
        "incidents", "incidents/{number}", "maintenance", "reports/availability", "events",
        "services", "devices/{device_id}", "devices/{device_id}/events",
    }  # fmt: skip
    assert {f"/api/v1/{path}" for path in contract} | {"/metrics", "/healthz", "/readyz"} == paths


@pytest.mark.parametrize("trouble", [False, True], ids=["calm", "trouble"])
async def test_every_answer_has_the_shape_that_is_promised(world: World, trouble: bool) -> None:
    fill_trouble(world.writer, world.network, world.clock.now)
    fill_notes(world.writer, world.network, world.clock.now)
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN if trouble else LinkState.UP)
    await world.live.refresh()
    openapi = await document(world)
    checked = 0
    for path, operation in operations(openapi):
        if path in STREAMS:
            continue
        answer = await world.client.get(path.format(**VALUES) + NEEDED.get(path, ""))
        assert answer.status_code == 200, f"{path}: {answer.text}"
        media = answer.headers["content-type"].split(";")[0]
        content = operation["responses"]["200"]["content"]
        assert media in content, path
        if media == "application/json":
            check(openapi, content[media]["schema"], answer.json())
            checked += 1
    assert checked >= 12


@pytest.mark.parametrize(
    ("address", "path", "status"),
    [
        ("/api/v1/links/none", "/api/v1/links/{link_id}", 404),
        ("/api/v1/links?state=gone", "/api/v1/links", 422),
        ("/api/v1/links/kut-zes/series?metric=volts", "/api/v1/links/{link_id}/series", 422),
        ("/api/v1/devices/none", "/api/v1/devices/{device_id}", 404),
        ("/api/v1/devices/none/events", "/api/v1/devices/{device_id}/events", 404),
        ("/api/v1/services?state=gone", "/api/v1/services", 422),
        ("/api/v1/incidents/999", "/api/v1/incidents/{number}", 404),
        ("/api/v1/incidents/first", "/api/v1/incidents/{number}", 422),
        ("/api/v1/incidents/99999999999999999999", "/api/v1/incidents/{number}", 422),
        ("/api/v1/reports/availability?by=colour", "/api/v1/reports/availability", 422),
    ],
)
async def test_every_error_is_a_problem_document_as_promised(
    world: World, address: str, path: str, status: int
) -> None:
    openapi = await document(world)
    answer = await world.client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    promised = openapi["paths"][path]["get"]["responses"][str(status)]["content"]
    check(openapi, promised["application/problem+json"]["schema"], answer.json())
    assert answer.json()["status"] == status
    assert answer.json()["instance"] == address.partition("?")[0]


async def test_an_unknown_path_and_a_wrong_method_are_problems_too(world: World) -> None:
    missing = await world.client.get("/api/v1/nothing")
    wrong = await world.client.post("/api/v1/links")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    for answer in (missing, wrong):
        assert answer.headers["content-type"] == "application/problem+json"
        assert "/api/v1/" in answer.json()["detail"]
    assert wrong.headers["allow"] == "GET"


async def test_a_browser_gets_a_page_for_an_error(world: World) -> None:
    answer = await world.client.get("/links/none", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "none" in answer.text


async def test_an_error_in_the_program_is_a_problem_without_its_inside(world: World) -> None:
    def crash() -> None:
        raise ZeroDivisionError("secret detail")

    world.app.add_api_route("/api/v1/crash", crash)
    answer = await world.client.get("/api/v1/crash")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


async def test_every_path_and_event_stands_in_the_documentation(world: World) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    paths = set((await document(world))["paths"]) | {"/openapi.json"}
    events = {"snapshot", "links", "devices", "incidents", "maintenance", "health", "tick"}
    assert [word for word in sorted(paths | events) if f"`{word}`" not in page] == []
