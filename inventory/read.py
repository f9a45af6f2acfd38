"""Files -> Draft: reads every file, checks each by itself, and goes on after every mistake."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from inventory.draft import Draft, DraftLan, Host
from inventory.errors import Problem
from inventory.explain import problems_of, shown
from inventory.marked_yaml import Key, MarkedYaml, parse_marked
from inventory.model import LinkRole, SiteRole
from inventory.nearest import nearest
from inventory.schema import (
    CODE,
    AddressSpec,
    BgpSpec,
    DefaultsSpec,
    DeviceSpec,
    GroupSpec,
    HardwareSpec,
    LanSpec,
    LinkRoleSpec,
    LinkSpec,
    OspfSpec,
    RegionSpec,
    ServicesSpec,
    SiteRoleSpec,
    SiteSpec,
    Spec,
    ZoneSpec,
)

FILES = ("region.yaml", "hardware.yaml", "groups.yaml", "defaults.yaml", "links.yaml")

S = TypeVar("S", bound=Spec)


def read_draft(folder: Path) -> Draft:
    """Read all files of an inventory; what is wrong stands in the draft's `problems`."""
    draft = Draft(folder.resolve().name)
    digest = hashlib.sha256()
    names = [*FILES, *_site_files(draft, folder)]
    for name in names:
        _read(draft, folder, name, digest)
    draft.revision = digest.hexdigest()[:12]
    _take_region(draft)
    draft.hardware = _items(draft, "hardware.yaml", HardwareSpec, "hardware")
    draft.groups = _items(draft, "groups.yaml", GroupSpec, "group")
    defaults = draft.sources["defaults.yaml"]
    draft.defaults = _one(draft, defaults, DefaultsSpec, defaults.content or {}) or DefaultsSpec()
    draft.links = _items(draft, "links.yaml", LinkSpec, "link")
    draft.raw_ends = _raw_ends(draft.sources["links.yaml"].content)
    for name in names[len(FILES) :]:
        _take_site(draft, name)
    return draft


def _site_files(draft: Draft, folder: Path) -> list[str]:
    if not folder.is_dir():
        message, hint = "there is no such folder.", "Name another with --inventory DIR."
        draft.problems.append(Problem(draft.shown_as, 0, "", message, hint))
        return []
    strangers = [path.name for path in folder.glob("*.y*ml") if path.name not in FILES]
    for name in strangers:
        message = "is not a file of an inventory."
        hint = nearest(name, list(FILES)) or f"Sites go into {draft.shown_as}/sites/."
        draft.problems.append(Problem(f"{draft.shown_as}/{name}", 0, "", message, hint))
    for path in folder.glob("sites/*.yml"):
        message, hint = "expected the ending .yaml, found .yml.", f"Rename it to {path.stem}.yaml."
        draft.problems.append(Problem(f"{draft.shown_as}/sites/{path.name}", 0, "", message, hint))
    return sorted(f"sites/{path.name}" for path in folder.glob("sites/*.yaml"))


def _read(draft: Draft, folder: Path, name: str, digest: Any) -> None:
    marked = MarkedYaml(f"{draft.shown_as}/{name}")
    draft.sources[name] = marked
    if not folder.is_dir():
        draft.broken.add(("file", name))
        return
    try:
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
        parse_marked(content.decode(), marked)
    except OSError as error:
        marked.problems.append(Problem(marked.file, 0, "", f"can't be read: {error.strerror}."))
    except UnicodeDecodeError:
        message = "can't be read: it is not UTF-8 text."
        marked.problems.append(Problem(marked.file, 0, "", message))
    if not marked.problems and marked.content is None and name != "defaults.yaml":
        marked.problems.append(marked.problem((), "the file is empty."))
    if not isinstance(marked.content, dict | None):
        message = f"expected a mapping of keys to values, found {shown(marked.content)}."
        marked.problems.append(marked.problem((), message))
        marked.content = None
    draft.problems.extend(marked.problems)
    if marked.content is None and name != "defaults.yaml":
        draft.broken.add(("file", name))


def _one(
    draft: Draft, marked: MarkedYaml, spec: type[S], content: Any, prefix: Key = ()
) -> S | None:
    """`content` as `spec`; None, and its problems noted, when it is not one."""
    try:
        return spec.model_validate(content)
    except ValidationError as error:
        draft.problems.extend(problems_of(error, spec, marked, prefix))
        return None


def _items(draft: Draft, file: str, spec: type[S], kind: str) -> dict[str, S]:
    """Every item of a file that maps names to `spec`; the names of wrong ones go to `broken`."""
    marked = draft.sources[file]
    return _each(draft, marked, spec, kind)


def _each(
    draft: Draft, marked: MarkedYaml, spec: type[S], kind: str, section: str = ""
) -> dict[str, S]:
    """The items of one section, or of the whole file, as `spec`."""
    found: dict[str, S] = {}
    content = marked.content or {}
    prefix: Key = ()
    if section:
        content, prefix = content.get(section, {}), (section,)
    if not isinstance(content, dict):
        message = f"expected a mapping of names to mappings, found {shown(content)}."
        draft.problems.append(marked.problem(prefix, message))
        return found
    for name, row in content.items():
        if not _is_code(name):
            message = (
                f"expected a name of lower-case letters, digits and single dashes, found {name!r}."
            )
            draft.problems.append(marked.problem((*prefix, name), message))
        item = _one(draft, marked, spec, row, (*prefix, name))
        if item is None:
            draft.broken.add((kind, name))
        else:
            found[name] = item
    return found


def _is_code(name: str) -> bool:
    return re.fullmatch(CODE, name) is not None


def _take_region(draft: Draft) -> None:
    """The whole of region.yaml, or, when it is wrong, those of its sections that are right."""
    marked = draft.sources["region.yaml"]
    if marked.content is None:
        return
    region = draft.region = _one(draft, marked, RegionSpec, marked.content)
    if region is not None:
        draft.addresses, draft.ospf, draft.bgp = region.addresses, region.ospf, region.bgp
        draft.services, draft.zones = region.services, region.zones
        draft.site_roles, draft.link_roles = region.site_roles, region.link_roles
        return
    content: dict[str, Any] = marked.content
    draft.addresses = _quietly(AddressSpec, content.get("addresses"))
    draft.ospf = _quietly(OspfSpec, content.get("ospf"))
    draft.bgp = _quietly(BgpSpec, content.get("bgp"))
    draft.services = _quietly(ServicesSpec, content.get("services"))
    draft.zones = _quiet_items(ZoneSpec, content.get("zones"))
    draft.broken |= {("zone", name) for name in _names(content.get("zones")) - set(draft.zones)}
    roles = _quiet_items(SiteRoleSpec, content.get("site_roles"))
    draft.site_roles = {role: roles[role] for role in SiteRole if role in roles}
    kinds = _quiet_items(LinkRoleSpec, content.get("link_roles"))
    draft.link_roles = {role: kinds[role] for role in LinkRole if role in kinds}


def _names(content: Any) -> set[str]:
    return set(content) if isinstance(content, dict) else set()


def _quietly(spec: type[S], content: Any) -> S | None:
    try:
        return spec.model_validate(content)
    except ValidationError:  # reported already, with the rest of the file
        return None


def _quiet_items(spec: type[S], content: Any) -> dict[str, S]:
    rows = content.items() if isinstance(content, dict) else ()
    items = {name: _quietly(spec, row) for name, row in rows}
    return {name: item for name, item in items.items() if item is not None}


def _raw_ends(content: Any) -> dict[str, tuple[str, str]]:
    ends: dict[str, tuple[str, str]] = {}
    for name, row in (content or {}).items():
        try:
            a, b = row["a"]["device"], row["b"]["device"]
        except (KeyError, TypeError, IndexError):
            continue
        ends[name] = (str(a), str(b))
    return ends


def _take_site(draft: Draft, file: str) -> None:
    marked = draft.sources[file]
    code = file.removeprefix("sites/").removesuffix(".yaml")
    if not _is_code(code):
        message = "expected a file name of lower-case letters, digits and single dashes."
        draft.problems.append(Problem(marked.file, 0, "", message))
    if marked.content is None:
        draft.broken.add(("site", code))
        return
    header = {key: marked.content[key] for key in marked.content if key not in {"devices", "lans"}}
    draft.raw_parents[code] = (str(header.get("role")), str(header.get("parent")))
    site = _one(draft, marked, SiteSpec, header)
    if site is None:
        draft.broken.add(("site", code))
    else:
        draft.sites[code] = site
    _take_devices(draft, marked, code)
    _take_lans(draft, marked, code)


def _take_devices(draft: Draft, marked: MarkedYaml, code: str) -> None:
    content = marked.content.get("devices", {})
    for name, spec in _each(draft, marked, DeviceSpec, "device", "devices").items():
        if name in draft.devices:
            other = f"sites/{draft.devices[name].site}.yaml"
            message = f"device '{name}' stands in {draft.line_of(other, ('devices', name))} too."
            hint = "Names of devices are unique in the whole region."
            draft.problems.append(marked.problem(("devices", name), message, hint))
            draft.broken.add(("device", name))
        else:
            draft.devices[name] = Host(code, spec)
    for name in content if isinstance(content, dict) else ():
        draft.sites_of_broken_devices.setdefault(name, code)


def _take_lans(draft: Draft, marked: MarkedYaml, code: str) -> None:
    content = marked.content.get("lans", {})
    known: Mapping[str, ZoneSpec] = draft.zones
    draft.broken |= {("lan", f"{code}-{key}") for key in _names(content)}
    for key, spec in _each(draft, marked, LanSpec, "lan", "lans").items():
        zone = max(
            (zone for zone in known if key == zone or key.startswith(f"{zone}-")),
            key=len,
            default=key,
        )
        lan = DraftLan(code, key, zone, spec)
        other = draft.lans.setdefault(lan.id, lan)
        if other is not lan:
            where = draft.line_of(f"sites/{other.site}.yaml", ("lans", other.key))
            draft.say_lan(lan, (), f"LAN id {lan.id} is taken by {where}.")
        draft.broken.discard(("lan", lan.id))
