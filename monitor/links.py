"""What the ends of links say, poll after poll: samples for the store, verdicts for the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.health import BUSY_POLLS, SOUND, EndView, Verdict, judge, use
from monitor.metrics import COLUMN, MIRROR, SERIES_INDEX
from monitor.rates import Rates, rates
from monitor.readings import Reading
from monitor.store.base import LinkSample
from monitor.targets import ExpectedInterface, Target
from monitor.values import RATED, LinkState

CONFIRM = 2
"""So many polls in a row without an answer make a device silent; the second follows at once."""
SPARE_SHARE = 0.5
"""A poll that comes sooner than this share of the interval tells states, not rates."""
_OPER, _ADMIN = COLUMN["ifOperStatus"], COLUMN["ifAdminStatus"]
_ERRORS = (SERIES_INDEX["in_errors_ps"], SERIES_INDEX["out_errors_ps"])


class _End:
    """One end of one link, as last seen. Mutable: made once, updated by every poll."""

    __slots__ = ("admin", "at", "base", "device", "expected", "oper", "present", "rates")

    def __init__(self, device: str, expected: ExpectedInterface) -> None:
        self.device, self.expected = device, expected
        self.at: float | None = None
        self.base: Reading | None = None
        self.rates: Rates | None = None
        self.oper: int | None = None
        self.admin: int | None = None
        self.present = False


class _Link:
    __slots__ = ("bandwidth_bps", "busy", "ends", "id", "owner", "seen", "verdict")

    def __init__(self, name: str, bandwidth_bps: int) -> None:
        self.id, self.bandwidth_bps = name, bandwidth_bps
        self.ends: list[_End] = []
        self.busy = 0
        self.owner: _End | None = None
        """Whose poll counts as the link's, so that one poll is counted once."""
        self.verdict: Verdict | None = None
        self.seen: tuple[object, ...] = ()
        """What the verdict rests on: it is judged anew only when this changes."""


class Links:
    """All links and the devices at their ends."""

    def __init__(self, targets: Iterable[Target], alarms: AlarmSettings, interval_s: float) -> None:
        self._alarms, self._interval_s = alarms, interval_s
        self._spare_s = SPARE_SHARE * interval_s
        self._links: dict[str, _Link] = {}
        self._ends: dict[str, list[tuple[_Link, _End]]] = defaultdict(list)
        self.failures: dict[str, int] = {}
        """Polls in a row without an answer, by device; absent before the first poll."""
        for target in targets:
            for expected in target.interfaces:
                link = self._links.setdefault(
                    expected.link, _Link(expected.link, expected.bandwidth_bps)
                )
                end = _End(target.device, expected)
                link.ends.insert(0 if expected.end == "a" else len(link.ends), end)
                self._ends[target.device].append((link, end))

    def fold(self, poll: DevicePoll) -> list[LinkSample]:
        """Take a poll in; the samples that it yields."""
        if not poll.answered:
            self.failures[poll.device] = self.failures.get(poll.device, 0) + 1
            return []
        self.failures[poll.device] = 0
        samples: list[LinkSample] = []
        for (link, end), reading in zip(self._ends[poll.device], poll.readings, strict=True):
            sample = self._fold_end(link, end, reading, poll.at)
            if sample is not None:
                samples.append(sample)
        return samples

    def silent(self) -> frozenset[str]:
        """Devices that do not answer, confirmed."""
        return frozenset(name for name, count in self.failures.items() if count >= CONFIRM)

    def states(self) -> dict[str, LinkState]:
        """Links of which something is known, as their ends report them."""
        return {link.id: link.verdict.state for link in self._links.values() if link.verdict}

    def rejudge(self, devices: Iterable[str] | None, now: float) -> list[tuple[str, Verdict]]:
        """Verdicts that changed on links of `devices` (None: of all, for answers grown stale)."""
        links: Iterable[_Link]
        if devices is None:
            links = self._links.values()
        else:
            links = {id(link): link for name in devices for link, _ in self._ends[name]}.values()
        changed = []
        for link in links:
            if any(end.device not in self.failures for end in link.ends):
                continue  # the first round is not over: nothing is known, and nothing is wrong
            seen = self._what_is_seen(link, now)
            if seen == link.seen:
                continue
            link.seen = seen
            verdict = self._judge(link, now)
            if link.verdict is None or verdict[:2] != link.verdict[:2]:
                changed.append((link.id, verdict))
            link.verdict = verdict
        return changed

    def verdict(self, link: str) -> Verdict | None:
        """The last verdict of `link`."""
        found = self._links.get(link)
        return found.verdict if found else None

    def verdicts(self) -> Mapping[str, Verdict]:
        """The last verdict of every link that has one."""
        return {link.id: link.verdict for link in self._links.values() if link.verdict}

    def last_samples(self, at: float) -> Sequence[LinkSample]:
        """A sample of every link from what is known now, for a single round."""
        found = []
        for link in self._links.values():
            rated = [end for end in link.ends if end.rates and end.rates.quality in RATED]
            known = rated or [end for end in link.ends if end.rates]
            if known and known[0].rates:
                found.append(_sample(known[0], known[0].rates, known[0].at or at))
        return found

    def _fold_end(
        self, link: _Link, end: _End, reading: Reading | None, at: float
    ) -> LinkSample | None:
        if reading is None:
            end.present, end.oper, end.admin, end.base = False, None, None, None
            end.rates = None
            end.at = at
            return None
        end.present, end.at = True, at
        end.oper, end.admin = reading.values[_OPER], reading.values[_ADMIN]
        base = end.base
        went_on = base is not None and reading.uptime_cs >= base.uptime_cs
        if base and went_on and reading.received - base.received < self._spare_s:
            return None
        end.rates = rates(base, reading, self._interval_s, link.bandwidth_bps)
        end.base = reading
        if not self._speaks(link, end, at):
            return None
        self._count_busy(link, end.rates)
        return _sample(end, end.rates, at)

    def _speaks(self, link: _Link, end: _End, at: float) -> bool:
        """Whether the link's sample comes from this end: from a, unless b knows and a does not."""
        for other in link.ends:
            if other is end:
                return True
            fresh = other.at is not None and at - other.at < 1.5 * self._interval_s
            knows = other.present and other.rates is not None and other.rates.quality in RATED
            if fresh and (knows or end.rates is None or end.rates.quality not in RATED):
                return False
        return True

    def _count_busy(self, link: _Link, found: Rates) -> None:
        share = use(found, link.bandwidth_bps)
        if share is not None:
            link.busy = link.busy + 1 if share > self._alarms.degraded_utilisation else 0

    def _what_is_seen(self, link: _Link, now: float) -> tuple[object, ...]:
        oldest = now - self._alarms.stale_after_s
        limit = self._alarms.degraded_errors_ps
        seen: list[object] = [min(link.busy, BUSY_POLLS)]
        for end in link.ends:
            errors = 0.0
            if end.rates is not None and end.rates.quality in SOUND:
                errors = sum(end.rates.values[place] or 0.0 for place in _ERRORS)
            seen += (
                end.oper,
                end.admin,
                end.present,
                self.failures[end.device] >= CONFIRM,
                end.at is not None and end.at < oldest,
                errors if errors > limit else 0.0,
            )
        return tuple(seen)

    def _judge(self, link: _Link, now: float) -> Verdict:
        views = tuple(
            EndView(
                end.device,
                end.expected.interface,
                end.at,
                self.failures[end.device] < CONFIRM,
                end.present,
                end.oper,
                end.admin,
                end.rates,
            )
            for end in link.ends
        )
        return judge(views, link.bandwidth_bps, self._alarms, now, busy_polls=link.busy)


def _sample(end: _End, found: Rates, at: float) -> LinkSample:
    values = found.values
    if end.expected.end == "b":
        values = tuple(values[place] for place in MIRROR)
    return LinkSample(end.expected.link, at, found.quality, found.covers_s, values)
