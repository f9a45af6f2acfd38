"""Draws pages: Jinja templates over the views, in the language and theme of the request."""

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api import formats
from api.answers import answer
from api.layout import MapLayout, layout
from api.showing import Showing
from api.texts import LANGUAGES, TEXTS, chosen_language, text
from inventory.model import Name, Site, SiteRole
from monitor.said import told
from monitor.store.base import Incident
from monitor.values import IncidentState, LinkState, Severity

HERE = Path(__file__).parent
THEMES = ("light", "dark")
COOKIE_AGE_S = 400 * 86400
HTML = "text/html; charset=utf-8"
SCRIPT_TEXTS = (
    "ago",
    "age.s",
    "age.m",
    "age.h",
    "age.d",
    "state.unknown",
    "graph.in",
    "graph.out",
    "graph.max",
    "graph.empty",
    "graph.failed",
)
INCIDENT_STATES = {
    Severity.CRITICAL: LinkState.DOWN,
    Severity.MAJOR: LinkState.DOWN,
    Severity.MINOR: LinkState.DEGRADED,
}


class Pages:
    """The templates with everything that they share."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._layouts: dict[str, MapLayout] = {}
        self._assets = _fingerprint(HERE / "static")
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}

    def layout(self, language: str) -> MapLayout:
        """The map with labels in that language; made when it is first asked for."""
        if language not in self._layouts:
            self._layouts[language] = layout(self._showing.network, language)
        return self._layouts[language]

    def language(self, request: Request) -> str:
        """The language that the request asks for."""
        return chosen_language(
            request.query_params.get("lang"),
            request.cookies.get("lang"),
            request.headers.get("accept-language", ""),
        )

    def draw(
        self, request: Request, template: str, page: str, http_status: int = 200, **values: Any
    ) -> Response:
        """One page; `lang` and `theme` of the query are remembered in cookies."""
        language = self.language(request)
        html = self._environment.get_template(template).render(
            self._shared(request, language, page) | values
        )
        public = page == "public"
        headers = {
            "Vary": "Accept-Language, Cookie",
            "Cache-Control": "public, max-age=15" if public else "no-cache",
        }
        if http_status == 200:
            response = answer(request, html.encode(), HTML, headers)
        else:
            response = Response(html, http_status, {"Cache-Control": "no-store"}, HTML)
        for name, allowed in (("lang", LANGUAGES), ("theme", THEMES)):
            wish = request.query_params.get(name)
            if wish in allowed:
                response.set_cookie(name, wish, max_age=COOKIE_AGE_S, samesite="lax")
                response.headers["Cache-Control"] = "no-store"
        return response

    def error(self, request: Request, status: int, detail: str) -> Response:
        """The page for a request that failed; citizens read no reason from inside."""
        public = request.url.path == "/public"
        shown = "" if public else detail
        return self.draw(
            request, "error.html", "error", status,
            code=status, detail=shown, home="/public" if public else "/",
        )  # fmt: skip

    def _shared(self, request: Request, language: str, page: str) -> dict[str, Any]:
        now, network = self._showing.live.now, self._showing.network
        theme = request.query_params.get("theme") or request.cookies.get("theme")
        hubs = [site for site in network.sites.values() if site.role is SiteRole.HUB]
        return {
            "t": partial(_text, language),
            "word": partial(_word, language),
            "told": lambda words, **instead: told(words, language, **instead),
            "language": language,
            "theme": theme if theme in THEMES else "",
            "page": page,
            "home": "/public" if page == "public" else "/",
            "region_name": _named(network.region.name, language),
            "hub_name": _named(hubs[0].name, language) if hubs else "",
            "assets": self._assets,
            "query": partial(_query, request),
            "sequence": self._showing.live.sequence,
            "health": now.health,
            "now_at": self._showing.clock(),
            "script_texts": {key: text(key, language) for key in SCRIPT_TEXTS},
            "name": lambda site: _named(site.name, language),
            "site_name": lambda code: _site_name(network.sites, code, language),
            "device_site": lambda name: (
                network.devices[name].site if name in network.devices else ""
            ),
            "incident_state": incident_state,
            "acknowledged_by": acknowledged_by,
            "megabits": formats.megabits,
            "bandwidth": lambda bps: formats.bandwidth(bps, language),
            "percent": formats.percent,
            "number": formats.number,
            "duration": lambda seconds: formats.duration(seconds, language),
            "absolute": formats.absolute,
            "local": lambda at: formats.local(at, network.region.timezone),
            "machine": formats.machine,
        }


def incident_state(one: Incident) -> str:
    """The shape and colour that an incident is shown with."""
    return "closed" if one.state is IncidentState.CLOSED else INCIDENT_STATES[one.severity]


def acknowledged_by(one: Incident) -> str:
    """Who acknowledged it; empty when nobody did."""
    if one.state is not IncidentState.ACKNOWLEDGED:
        return ""
    people = [entry.by for entry in one.timeline if entry.by != "monitor"]
    return people[0] if people else ""


def _text(language: str, key: str, **values: object) -> str:
    return text(str(key), language, **values)


def _word(language: str, family: str, word: str) -> str:
    """A word of the inventory in that language, where it is one that we know."""
    key = f"{family}.{word}"
    return text(key, language) if key in TEXTS else word


def _named(name: Name, language: str) -> str:
    return name.ka if language == "ka" else name.en


def _site_name(sites: Mapping[str, Site], code: str, language: str) -> str:
    return _named(sites[code].name, language) if code in sites else code


def _query(request: Request, **changed: str) -> str:
    return urlencode(dict(request.query_params) | changed)


def _fingerprint(folder: Path) -> str:
    """Changes when any file of the folder does: in URLs, so that no browser shows old ones."""
    digest = blake2b(digest_size=6)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
