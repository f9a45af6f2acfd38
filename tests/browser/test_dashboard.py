"""What a person at the wall sees in a real browser."""

import time

import pytest
from playwright.sync_api import Page, expect

from api.formats import megabits
from api.texts import text
from monitor.values import LinkState
from tests.api.filling import fill_poll, fill_trouble, sample, turn
from tests.browser.conftest import Site

pytestmark = pytest.mark.browser
SOON_MS = 10_000


def open_now(page: Page, site: Site, path: str = "/") -> None:
    """Open a page and wait until it listens to the stream."""
    with page.expect_response(lambda response: response.url.endswith("/api/v1/events")):
        page.goto(f"{site.address}{path}")


def test_a_cut_link_turns_visibly_down_without_a_reload_and_back(page: Page, site: Site) -> None:
    open_now(page, site)
    page.evaluate("window.notReloaded = true")
    row = page.locator("tr[data-link='kut-zes']")
    wire = page.locator(".map [data-key='wire-kut-zes']")
    expect(row).to_have_attribute("data-state", "up")
    turn(site.writer, "kut-zes", time.time(), LinkState.DOWN, "ifOperStatus down")
    expect(row).to_have_attribute("data-state", "down", timeout=SOON_MS)
    expect(row.locator(".word")).to_have_text("down")
    expect(row.locator("use")).to_have_attribute("href", "#g-down")
    expect(wire).to_have_attribute("data-state", "down")
    expect(wire.locator("text")).to_have_text("kut-zes")
    expect(row).to_have_attribute("data-marked", "")
    expect(page.locator("[data-key='chip-down'] b")).to_have_text("1")
    expect(page.locator("section.incidents")).to_contain_text("kut-zes")
    turn(site.writer, "kut-zes", time.time(), LinkState.UP)
    expect(row).to_have_attribute("data-state", "up", timeout=SOON_MS)
    expect(wire.locator("text")).to_have_count(0)
    assert page.evaluate("window.notReloaded") is True


def test_a_poll_brings_new_numbers_and_keeps_the_focus(page: Page, site: Site) -> None:
    open_now(page, site)
    link = page.locator("tr[data-link='kut-zes'] a")
    link.focus()
    now = time.time() + 1
    fill_poll(site.writer, site.network, now)
    value = sample(site.network.links["kut-zes"], now).value("out_bps")
    assert value is not None
    shown = page.locator("tr[data-link='kut-zes'] td.n").nth(2)
    expect(shown).to_have_text(megabits(value), timeout=SOON_MS)
    expect(link).to_be_focused()


@pytest.mark.parametrize("language", ["en", "ka"])
def test_all_links_and_incidents_fit_on_a_wall_screen(
    page: Page, site: Site, language: str
) -> None:
    fill_trouble(site.writer, site.network, time.time())
    open_now(page, site, f"/?lang={language}")
    rows = page.locator("tr[data-link]")
    expect(rows).to_have_count(91)
    expect(page.locator("section.incidents li")).to_have_count(3)
    hidden = page.evaluate(
        """() => [...document.querySelectorAll("tr[data-link], section.incidents li, .disc")]
            .filter((one) => {
                const box = one.getBoundingClientRect();
                const low = box.bottom > innerHeight || box.right > innerWidth;
                return box.height < 6 || box.top < 0 || low;
            }).map((one) => one.dataset.key)"""
    )
    assert hidden == []
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    cut = page.evaluate(
        """() => [...document.querySelectorAll("tr[data-link] :is(.id, .word, .n)")]
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""
    )
    assert cut == []


@pytest.mark.parametrize(
    "path",
    ["/", "/links/kut-zes", "/sites/zes", "/sites/kut", "/incidents", "/services", "/reports",
     "/reports?by=link", "/public"],
)  # fmt: skip
def test_a_page_can_be_read_on_a_phone(page: Page, site: Site, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.address}{path}{'&' if '?' in path else '?'}lang=ka")
    expect(page.locator("main")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(svg, svg *)")]
            .filter((one) => one.getBoundingClientRect().right > 391
                || (one.scrollWidth > one.clientWidth + 1
                    && ["auto", "scroll"].includes(getComputedStyle(one).overflowX)))
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert beyond == []  # nothing is cut off, and no part scrolls sideways by itself


def test_when_the_server_is_gone_nothing_is_green_any_more(page: Page, site: Site) -> None:
    page.clock.install()
    open_now(page, site)
    expect(page.locator("tr[data-link='kut-zes']")).to_have_attribute("data-state", "up")
    page.route("**/*", lambda route: route.abort())
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.clock.run_for(20_000)
    expect(page.locator("#stream-lost")).to_be_visible()
    expect(page.locator("#stream-lost")).to_contain_text(text("stale.stream", "en"))
    assert page.locator("main tr[data-state='up'], .wire[data-state='up']").count() == 0
    expect(page.locator("tr[data-link='kut-zes'] .word")).to_have_text("unknown")


def test_stale_data_are_said_and_shown_as_unknown(page: Page, site: Site) -> None:
    fill_poll(site.writer, site.network, time.time() - 3600)
    open_now(page, site)
    expect(page.locator("#banner")).to_contain_text("The data are old", timeout=SOON_MS)
    expect(page.locator("tr[data-link][data-state='unknown']")).to_have_count(91)
    assert page.locator(".disc[data-state='up']").count() == 0


def test_the_language_is_switched_at_the_top_and_kept(page: Page, site: Site) -> None:
    open_now(page, site)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="ქართული").click()
    expect(page.locator("html")).to_have_attribute("lang", "ka")
    expect(page.locator("[data-key='chip-up']")).to_contain_text("მუშაობს")
    page.goto(f"{site.address}/incidents")
    expect(page.locator("h1")).to_have_text("ინციდენტები")


def test_dark_is_chosen_without_a_reload_and_kept(page: Page, site: Site) -> None:
    open_now(page, site)
    light = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    page.get_by_role("link", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor")
    assert dark != light
    page.goto(f"{site.address}/reports")
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == dark


def test_the_keyboard_leads_everywhere(page: Page, site: Site) -> None:
    ready = page.locator("body[data-ready]")
    open_now(page, site)
    expect(ready).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("tr[data-link] .id a").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("tr[data-link] .id a").nth(0)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("kut-zes")
    expect(page.locator("tr[data-link]:not([data-dim])")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.address}/links/kut-zes")
    expect(ready).to_have_count(1)
    page.keyboard.press("i")
    expect(page).to_have_url(f"{site.address}/incidents")
    expect(ready).to_have_count(1)
    page.keyboard.press("n")
    expect(page).to_have_url(f"{site.address}/")


def test_a_state_is_chosen_at_the_top_and_the_others_step_back(page: Page, site: Site) -> None:
    turn(site.writer, "kut-zes", time.time(), LinkState.DOWN)
    open_now(page, site)
    page.locator("[data-key='chip-down']").click()
    expect(page).to_have_url(f"{site.address}/?state=down")
    opacity = "one => getComputedStyle(one).opacity"
    assert page.locator("tr[data-link='kut-zes']").evaluate(opacity) == "1"
    assert float(page.locator("tr[data-link='kut-ter']").evaluate(opacity)) < 0.5


def test_the_link_page_draws_its_graphs(page: Page, site: Site) -> None:
    open_now(page, site, "/links/kut-zes?range=hour")
    expect(page.locator("[data-graphs]")).to_have_attribute("data-drawn", "hour", timeout=SOON_MS)
    expect(page.locator(".graph canvas")).to_have_count(6)
    expect(page.locator("[data-graph='traffic'] .readout")).to_contain_text("in ")
    page.get_by_role("link", name="week", exact=True).click()
    expect(page.locator("[data-graphs]")).to_have_attribute("data-drawn", "week", timeout=SOON_MS)
    drawn = page.evaluate(
        """() => [...document.querySelectorAll(".graph canvas")].every((one) => {
            const pixels = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
            return pixels.some((value) => value > 0);
        })"""
    )
    assert drawn


def test_without_javascript_the_page_still_tells(page: Page, site: Site) -> None:
    turn(site.writer, "kut-zes", time.time(), LinkState.DOWN)
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    plain = context.new_page()
    plain.goto(f"{site.address}/")
    expect(plain.locator("tr[data-link]")).to_have_count(91)
    # Nothing of this page is live. It shows what the server last read of the store, at most half
    # a second old, and asks again by itself only so often; whoever can't wait reloads.
    expect(plain.locator("head noscript meta")).to_have_attribute("content", "30")
    end = time.monotonic() + SOON_MS / 1000
    while plain.locator("tr[data-link='kut-zes'] .word").inner_text() != "down":
        assert time.monotonic() < end, "still not down after many reloads"
        plain.reload()
    plain.get_by_role("link", name="ქართული").click()
    expect(plain.locator("html")).to_have_attribute("lang", "ka")
    context.close()
