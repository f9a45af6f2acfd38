"""Intent and templates in, text out: the one function behind golden files, lab and deployment."""

import os
import traceback
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.bccache import FileSystemBytecodeCache

from inventory.errors import Problem, RenderError
from inventory.model import Device, Network
from inventory.nearest import nearest
from nornir_tasks.compile import device_intent, region_intent
from nornir_tasks.intent import RegionIntent
from nornir_tasks.policy import Policy

DEVICE = "device"
"""Template of the file that is named after the device itself."""
SUFFIX = ".j2"


class _Environment(Environment):
    """Attributes are looked up by Python itself, a third faster; none is ever optional."""

    getattr = staticmethod(getattr)  # type: ignore[assignment]  # Jinja's own takes self


def environment(folder: Path, cache: Path | None = None) -> Environment:
    """Templates of `folder`; compiled ones are kept in `cache`, where it may be written.

    RenderError when there is no such folder.
    """
    if not folder.is_dir():
        message = "expected a folder with one folder of templates a platform, found none."
        raise RenderError((Problem(str(folder), 0, "", message, "See paths.templates."),))
    return _Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # routers' files, never HTML
        auto_reload=False,
        bytecode_cache=_bytecode_cache(cache),
    )


def check_platform(templates: Environment, platform: str, whose: str = "") -> None:
    """RenderError when there are no templates for `platform`."""
    known = sorted({name.partition("/")[0] for name in templates.list_templates()})
    if platform in known:
        return
    message = f"platform '{platform}' {whose}has no templates, expected {' or '.join(known)}."
    problem = Problem(_folder(templates), 0, "", message, nearest(platform, known))
    raise RenderError((problem,))


def render_device(network: Network, device: Device, templates: Environment) -> Mapping[str, str]:
    """File name -> text of one device. Pure: the same model and templates give the same bytes.

    Secrets are placeholders. RenderError when the platform has no templates, or one of them fails.
    """
    return Renderer(network, templates).render(device)


class Renderer:
    """`render_device` for many devices of one network: what they share is worked out once."""

    def __init__(self, network: Network, templates: Environment) -> None:
        self._policy = Policy(network)
        self._templates = templates
        self._by_platform: dict[str, Mapping[str, Template]] = {}

    @cached_property
    def _region(self) -> RegionIntent:
        return region_intent(self._policy)

    def render(self, device: Device) -> Mapping[str, str]:
        """As `render_device`."""
        intent = device_intent(self._policy, self._region, device)
        files: dict[str, str] = {}
        for name, template in self._files(device).items():
            file = f"{device.name}.cfg" if name == DEVICE else name
            try:
                files[file] = template.render(d=intent)
            except (TemplateError, AttributeError, TypeError) as error:  # of a template's making
                raise _failed(error, self._templates, device.name) from None
        return files

    def _files(self, device: Device) -> Mapping[str, Template]:
        """Output name -> template of the device's platform; a partial's name begins with `_`."""
        platform = device.platform
        if platform not in self._by_platform:
            names = [
                name.removeprefix(f"{platform}/")
                for name in self._templates.list_templates(extensions=[SUFFIX[1:]])
                if name.startswith(f"{platform}/")
            ]
            if not names:
                check_platform(self._templates, platform, f"of {device.name} ")
            self._by_platform[platform] = {
                name.removesuffix(SUFFIX): self._load(f"{platform}/{name}", device)
                for name in names
                if not name.startswith("_")
            }
        return self._by_platform[platform]

    def _load(self, name: str, device: Device) -> Template:
        try:
            return self._templates.get_template(name)
        except TemplateError as error:
            raise _failed(error, self._templates, device.name) from None


def _failed(error: Exception, templates: Environment, device: str) -> RenderError:
    """Where in which template; the line comes from the innermost frame that is one."""
    file, line = _folder(templates), 0
    if isinstance(error, TemplateSyntaxError):
        file, line = error.filename or error.name or file, error.lineno
    elif isinstance(error, TemplateNotFound):
        file = f"{file}/{error.name}"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.endswith(SUFFIX):
            file, line = frame.filename, frame.lineno or 0
    message = f"rendering {device} failed: {error}."
    return RenderError((Problem(file, line, "", message),))


def _folder(templates: Environment) -> str:
    loader = templates.loader
    return str(loader.searchpath[0]) if isinstance(loader, FileSystemLoader) else "templates"


def _bytecode_cache(folder: Path | None) -> FileSystemBytecodeCache | None:
    """None where the folder can't be made or written: then every run compiles."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None
