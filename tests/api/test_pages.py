"""The pages as a browser without JavaScript sees them."""

import re
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from api.app import create_app
from api.history import first_range
from api.texts import LANGUAGES, TEXTS, text
from inventory.model import Network
from inventory.settings import Settings
from monitor.store.base import Batch, StateEntry, Store, Subject
from monitor.values import Fault, LinkState, SubjectKind
from tests.api.conftest import START, World
from tests.api.filling import fill_incidents, fill_trouble, turn

PAGES = (
    "/", "/links/kut-zes", "/links/kut-zes?range=year", "/sites/zes", "/sites/gov", "/sites/kut",
    "/incidents", "/incidents/1", "/reports", "/reports?by=link", "/reports?by=provider", "/public",
)  # fmt: skip
HTML = {"Accept": "text/html"}
SCRIPT = re.compile(r"<script type=\"application/json\".*?</script>", re.DOTALL)


class Words(HTMLParser):
    """The text of a page, and the addresses of what it loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "script" and "src" not in named and named.get("type") != "application/json":
            self.inline.append(tag)
        self.inline += [name for name in named if name == "style" or name.startswith("on")]
        if tag in {"script", "img", "link", "iframe"}:
            self.loads += [value for name, value in attrs if name in {"src", "href"} and value]


async def page(world: World, path: str, language: str = "en") -> str:
    answer = await world.client.get(
        path, headers={"Accept": "text/html", "Accept-Language": language}
    )
    assert answer.status_code == 200, answer.text
    assert f'<html lang="{language}"' in answer.text
    return answer.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_whole_in_both_languages(
    world: World, path: str, language: str
) -> None:
    fill_incidents(world.writer, world.clock.now)
    found = Words(await page(world, path, language))
    assert "None" not in found.words
    assert found.inline == [], "the content security policy would refuse it"
    assert [address for address in found.loads if not address.startswith("/static/")] == []


@pytest.mark.parametrize(("since_s", "opens_with"), [(600, "hour"), (90_000, "day")])
async def test_a_link_opens_with_the_period_in_which_something_can_be_seen(
    settings: Settings, network: Network, writer: Store, since_s: float, opens_with: str
) -> None:
    link = Subject(SubjectKind.LINK, "kut-zes")
    writer.write(Batch(states=[StateEntry(link, START - since_s, LinkState.UP, Fault.NONE, "")]))
    assert first_range(writer, "kut-zes", START) == opens_with
    app = create_app(settings, network, writer, lambda: START)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://noc") as client,
    ):
        for asked, shown in (("", opens_with), ("?range=week", "week"), ("?range=x", opens_with)):
            drawn = (await client.get(f"/links/kut-zes{asked}", headers=HTML)).text
            assert re.findall(r'data-range="(\w+)" aria-current', drawn) == [shown]


async def test_georgian_pages_tell_in_georgian_what_happened(world: World) -> None:
    fill_trouble(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    english = re.compile(r"does not answer|expected|is down|found|no answer|opened|closed:|seen ")
    for path in PAGES:
        html = unescape(await page(world, path, "ka"))
        assert english.findall(html[html.index("<main") :]) == [], path


async def test_what_happened_is_told_in_the_language_of_the_page(world: World) -> None:
    fill_trouble(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    georgian = {
        "/": '</strong></a> <span title="kut-zes (Carrier A IMR-P31) გათიშულია">(Carrier A',
        "/links/kut-zes": "zes-rtr1 Gi0/0/1: ifOperStatus – უნდა იყოს up, არის down",
        "/incidents/1": "დაიხურა: კვლავ მუშაობს",
        "/incidents": "kut-ag07-sw1 არ პასუხობს",
    }
    for path, words in georgian.items():
        assert words in await page(world, path, "ka")
    english = await page(world, "/links/kut-zes")
    assert "zes-rtr1 Gi0/0/1: ifOperStatus - expected up, found down" in english
    assert "ოპტიკური ბოჭკო" in await page(world, "/links/kut-zes", "ka")
    answered = (await world.client.get("/api/v1/incidents/1")).json()
    assert answered["summary"] == "chi-sac (Carrier A IMR-P25) is down"
    assert [line["what"] for line in answered["timeline"]] == ["opened", "closed: up again"]


async def test_plain_text_of_an_older_store_is_shown_as_it_is(world: World) -> None:
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN, "words of an older program")
    await world.live.refresh()
    for path in ("/", "/links/kut-zes", "/sites/zes"):
        assert "words of an older program" in await page(world, path, "ka")


@pytest.mark.parametrize("path", ["/", "/public", "/api/v1/links", "/static/style.css", "/nothing"])
async def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    headers = (await world.client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


async def test_the_first_page_shows_all_links_with_shape_and_word(world: World) -> None:
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN, "ifOperStatus down")
    await world.live.refresh()
    html = await page(world, "/")
    rows = re.findall(r'<tr data-key="row-([\w-]+)"[^>]*data-state="(\w+)"', html)
    assert sorted(link for link, _ in rows) == sorted(world.network.links)
    row = re.search(r'<tr data-key="row-kut-zes".*?</tr>', html, re.DOTALL)
    assert row is not None
    assert 'href="#g-down"' in row[0]
    assert ">down<" in row[0]
    wire = re.search(r'data-key="wire-kut-zes".*?</a>', html, re.DOTALL)
    assert wire is not None
    assert 'href="#g-down"' in wire[0]
    assert ">kut-zes</text>" in wire[0]


async def test_nothing_is_shown_as_up_when_the_data_are_old(world: World) -> None:
    world.clock.now += 120
    await world.live.refresh()
    html = await page(world, "/")
    assert text("stale.stale", "en", age="2 min") in html
    body = html[html.index("<main") :]
    assert re.findall(r'data-key="(?:row|wire|disc)-[^"]*"[^>]*data-state="up"', body) == []


async def test_a_name_from_the_store_cannot_break_out_of_the_page(world: World) -> None:
    turn(world.writer, "kut-zes", world.clock.now, LinkState.DOWN, "<script>alert(1)</script>\"'")
    await world.live.refresh()
    for path in ("/", "/links/kut-zes", "/sites/zes"):
        html = await page(world, path)
        assert "<script>alert" not in html
    assert "<script>alert" in unescape(html)


async def test_the_public_page_tells_citizens_and_gives_nothing_away(world: World) -> None:
    fill_trouble(world.writer, world.network, world.clock.now)
    await world.live.refresh()
    answer = await world.client.get("/public", headers={"Accept-Language": "en"})
    html = answer.text
    for site in world.network.sites.values():
        if site.role in {"district", "school"}:
            assert site.name.en in html
    secret = {*world.network.devices, *(str(d.management) for d in world.network.devices.values())}
    secret |= {link.id for link in world.network.links.values() if len(link.id) > 4}
    secret |= {link.circuit_id for link in world.network.links.values() if link.circuit_id}
    assert [word for word in secret if word in html] == []
    assert "/api/" not in html
    assert answer.headers["cache-control"] == "public, max-age=15"


async def test_an_error_on_the_public_page_tells_no_inside(world: World) -> None:
    answer = await world.client.get("/public?lang=xx", headers={"Accept": "text/html"})
    assert answer.status_code == 200


async def test_language_is_chosen_by_query_then_cookie_then_browser(world: World) -> None:
    async def language(path: str, browser: str) -> str:
        answer = await world.client.get(path, headers={"Accept-Language": browser})
        return answer.text.split('<html lang="')[1][:2]

    assert await language("/public", "fr, de;q=0.5") == "ka"
    assert await language("/public", "en-GB, ka;q=0.5") == "en"
    assert await language("/public", "en;q=0.2, ka;q=0.9") == "ka"
    assert await language("/public?lang=en", "ka") == "en"
    assert await language("/public", "ka") == "en", "the cookie of the request before"


async def test_theme_is_remembered_and_a_wrong_one_ignored(world: World) -> None:
    assert 'data-theme="dark"' in (await world.client.get("/?theme=dark")).text
    assert 'data-theme="dark"' in (await world.client.get("/")).text
    assert "data-theme" not in (await world.client.get("/?theme=%22pink")).text.split("<body")[0]


@pytest.mark.parametrize("month", ["2027-13", "1-1", "2099-01", "2027-1", "x"])
async def test_a_month_that_cannot_be_reported_is_refused(world: World, month: str) -> None:
    answer = await world.client.get(f"/reports?month={month}", headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "month" in answer.text


def test_every_text_is_there_in_both_languages_and_fills_the_same_places() -> None:
    places = re.compile(r"\{\w+\}")
    for key, name in TEXTS.items():
        assert name.en.strip(), key
        assert name.ka.strip(), key
        assert sorted(places.findall(name.en)) == sorted(places.findall(name.ka)), key
        assert not re.search(r"[Ⴀ-ჅᲐ-Ჿ]", name.ka), f"{key}: not the everyday Georgian letters"
        if re.search(r"[a-z]{4}", name.en.replace("JavaScript", "")):
            assert re.search(r"[ა-ჰ]", name.ka), f"{key}: not in Georgian"
