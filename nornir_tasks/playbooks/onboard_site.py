"""Bring a new site of the inventory to life: day-0 files, its uplink, then a verified site."""

import os
from pathlib import Path

from nornir_tasks.open_session import PLATFORMS
from nornir_tasks.play import Play

PARAMETERS = {
    "site": "code of the site",
    "out": "folder for the files to load on its devices (default: day-zero)",
    "wait": "seconds to wait for its routers (default: 600)",
}


def run(play: Play) -> None:
    """First the files to load by console or USB, then the other ends, then the site itself.

    Of its own devices those that can be changed over a session: in the field the switch, too.
    """
    code = play.named("site", play.network.sites)
    own = play.network.sites[code].devices
    for name in own:
        write_day_zero(play, name)
    changeable = tuple(name for name in own if play.network.devices[name].platform in PLATFORMS)
    play.apply(play.network, _other_ends(play, own))
    for name in changeable:
        play.wait_for(name, float(play.arguments.get("wait", "600")))
    play.apply(play.network, changeable)
    play.verify((*changeable, *_other_ends(play, own)))
    play.say(f"{code}: every promise of the model is kept")


def write_day_zero(play: Play, name: str) -> None:
    """Files with the secrets in them: a folder that only its owner can read."""
    folder = Path(play.arguments.get("out", "day-zero")) / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, text in play.day_zero(play.network.devices[name]).items():
        handle = os.open(folder / file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    play.say(f"{name}: load {folder} on the device")


def _other_ends(play: Play, own: tuple[str, ...]) -> tuple[str, ...]:
    ends = {
        other
        for link in play.network.links.values()
        for mine, other in (
            (link.a.device, link.b.device),
            (link.b.device, link.a.device),
        )
        if mine in own and other not in own
    }
    return tuple(sorted(n for n in ends if play.network.devices[n].platform in PLATFORMS))
