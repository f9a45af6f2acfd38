"""A link's state from what its two ends say. Pure.

Silence is not evidence: an end that does not answer says nothing about the link. So a link is down
only when an end that answers says so, and unknown when neither answers.
"""

from enum import IntEnum
from typing import NamedTuple

from inventory.settings import AlarmSettings
from monitor.metrics import SERIES_INDEX
from monitor.rates import Rates
from monitor.said import joined, say
from monitor.values import LinkState, Quality

BUSY_POLLS = 3
"""So many polls in a row above `alarms.degraded_utilisation` make a link degraded."""
_IN, _OUT = SERIES_INDEX["in_bps"], SERIES_INDEX["out_bps"]
_ERRORS = (SERIES_INDEX["in_errors_ps"], SERIES_INDEX["out_errors_ps"])
SOUND = frozenset({Quality.GOOD, Quality.WRAP})


class OperStatus(IntEnum):
    """ifOperStatus of RFC 2863."""

    UP = 1
    DOWN = 2
    TESTING = 3
    UNKNOWN = 4
    DORMANT = 5
    NOT_PRESENT = 6
    LOWER_LAYER_DOWN = 7


NOT_UP = {
    OperStatus.DOWN: "down",
    OperStatus.TESTING: "testing",
    OperStatus.DORMANT: "dormant",
    OperStatus.NOT_PRESENT: "",
    OperStatus.LOWER_LAYER_DOWN: "",
}
"""What carries no packets, with its name; `unknown` is no evidence either way."""
_OWN_SENTENCES = {
    OperStatus.NOT_PRESENT: "end.not_present",
    OperStatus.LOWER_LAYER_DOWN: "end.lower_layer",
}
ADMIN_DOWN = 2


class EndView(NamedTuple):
    """What is known of one end."""

    device: str
    interface: str
    at: float | None
    """Unix time of the last answer that held this interface; None when there never was one."""
    answers: bool
    """Whether the last poll of the device was answered."""
    present: bool
    """Whether the device had the interface then."""
    oper: int | None
    admin: int | None
    rates: Rates | None
    """From its own side."""


class Verdict(NamedTuple):
    """What a link is, and why."""

    state: LinkState
    reason: str
    """Empty when it is up and both ends say so."""
    as_of: float | None
    """Time of the newest answer that this rests on."""


def judge(
    ends: tuple[EndView, ...],
    bandwidth_bps: int,
    alarms: AlarmSettings,
    now: float,
    *,
    busy_polls: int = 0,
    loss: float | None = None,
    trouble: str = "",
) -> Verdict:
    """The state of a link between `ends` (a first; a peer's link has one that is ours).

    Maintenance is laid over it by the caller.
    `busy_polls` counts the polls in a row that were above the allowed use, this one included;
    `trouble` is what routing over the link lacks.
    """
    heard = [end for end in ends if _fresh(end, now, alarms.stale_after_s)]
    as_of = max((end.at for end in heard if end.at is not None), default=_last(ends))
    if down := [end for end in heard if end.oper in NOT_UP]:
        return Verdict(LinkState.DOWN, joined(map(_why_down, down)), as_of)
    up = [end for end in heard if end.oper == OperStatus.UP]
    if not up:
        return Verdict(LinkState.UNKNOWN, _why_unknown(ends, now), as_of)
    troubles = _troubles(up, bandwidth_bps, alarms, busy_polls, loss)
    if trouble:
        troubles.append(trouble)
    if troubles:
        return Verdict(LinkState.DEGRADED, joined(troubles), as_of)
    silent = [end for end in ends if end not in up]
    return Verdict(LinkState.UP, joined(_why_silent(end, now) for end in silent), as_of)


def use(rates: Rates | None, bandwidth_bps: int) -> float | None:
    """The greater use of the two directions, as a share of the circuit; None when not known."""
    if rates is None or rates.quality not in SOUND or bandwidth_bps <= 0:
        return None
    known = [value for value in (rates.values[_IN], rates.values[_OUT]) if value is not None]
    return max(known) / bandwidth_bps if known else None


def _fresh(end: EndView, now: float, stale_after_s: float) -> bool:
    return end.answers and end.present and end.at is not None and now - end.at <= stale_after_s


def _last(ends: tuple[EndView, ...]) -> float | None:
    return max((end.at for end in ends if end.at is not None), default=None)


def _troubles(
    up: list[EndView],
    bandwidth_bps: int,
    alarms: AlarmSettings,
    busy_polls: int,
    loss: float | None,
) -> list[str]:
    found: list[str] = []
    for end in up:
        if end.rates is None or end.rates.quality not in SOUND:
            continue
        errors = sum(end.rates.values[place] or 0.0 for place in _ERRORS)
        if errors > alarms.degraded_errors_ps:
            found.append(
                say(
                    "link.errors",
                    device=end.device,
                    interface=end.interface,
                    limit=f"{alarms.degraded_errors_ps:g}",
                    found=f"{errors:.1f}",
                )
            )
    if busy_polls >= BUSY_POLLS:
        shares = [share for end in up if (share := use(end.rates, bandwidth_bps)) is not None]
        found.append(
            say(
                "link.use",
                limit=f"{alarms.degraded_utilisation:.0%}",
                found=f"{max(shares, default=1.0):.0%}",
                polls=busy_polls,
            )
        )
    if loss is not None and loss > alarms.degraded_loss:
        limit = f"{alarms.degraded_loss:.0%}"
        found.append(say("link.loss", limit=limit, found=f"{loss:.0%}"))
    return found


def _why_down(end: EndView) -> str:
    where = {"device": end.device, "interface": end.interface}
    if end.admin == ADMIN_DOWN:
        return say("end.shut", **where)
    oper = OperStatus(end.oper or 0)
    if oper in _OWN_SENTENCES:
        return say(_OWN_SENTENCES[oper], **where)
    return say("end.not_up", **where, found=NOT_UP[oper])


def _why_silent(end: EndView, now: float) -> str:
    where = {"device": end.device, "interface": end.interface}
    if not end.answers:
        return say("end.never" if end.at is None else "end.silent", device=end.device)
    if not end.present:
        return say("end.absent", **where)
    if end.oper == OperStatus.UNKNOWN or end.oper is None:
        return say("end.oper_unknown", **where)
    return say("end.old", **where, age_s=f"{now - (end.at or now):.0f}")


def _why_unknown(ends: tuple[EndView, ...], now: float) -> str:
    return joined(dict.fromkeys(_why_silent(end, now) for end in ends))
