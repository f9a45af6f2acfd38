"""What the ends of links say, poll after poll: samples for the store, verdicts for the ledger."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.health import BUSY_POLLS, SOUND, EndView, Verdict, judge
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
NOT_SEEN = (False, None, None, 0.0)
_IN_BPS, _OUT_BPS = SERIES_INDEX["in_bps"], SERIES_INDEX["out_bps"]
_IN_ERRORS, _OUT_ERRORS = SERIES_INDEX["in_errors_ps"], SERIES_INDEX["out_errors_ps"]


class _End:
    """One end of one link, as last seen. Mutable: made once, updated by every poll."""

    __slots__ = ("at", "base", "device", "expected", "rates", "seen")

    def __init__(self, device: str, expected: ExpectedInterface) -> None:
        self.device, self.expected = device, expected
        self.at: float | None = None
        self.base: Reading | None = None
        self.rates: Rates | None = None
        self.seen: tuple[bool, int | None, int | None, float] = NOT_SEEN
        """Present, ifOperStatus, ifAdminStatus, errors a second when beyond what is allowed."""


class _Link:
    __slots__ = ("allowed_bps", "bandwidth_bps", "busy", "ends", "id", "verdict")

    def __init__(self, name: str, bandwidth_bps: int, allowed_bps: float) -> None:
        self.id, self.bandwidth_bps, self.allowed_bps = name, bandwidth_bps, allowed_bps
        self.ends: list[_End] = []
        self.busy = 0
        """Polls in a row above the allowed use."""
        self.verdict: Verdict | None = None


class Links:
    """All links and the devices at their ends."""

    def __init__(self, targets: Iterable[Target], alarms: AlarmSettings, interval_s: float) -> None:
        self._alarms, self._interval_s = alarms, interval_s
        self._spare_s = SPARE_SHARE * interval_s
        self._links: dict[str, _Link] = {}
        self._ends: dict[str, list[tuple[_Link, _End]]] = defaultdict(list)
        self._heard: dict[str, float] = {}
        """Unix time of each device's last answer, as long as that is not too old."""
        self._dirty: dict[str, _Link] = {}
        """Links whose verdict may be another: what it rests on changed."""
        self.failures: dict[str, int] = {}
        """Polls in a row without an answer, by device; absent before the first poll."""
        for target in targets:
            for expected in target.interfaces:
                allowed_bps = expected.bandwidth_bps * alarms.degraded_utilisation
                link = self._links.setdefault(
                    expected.link, _Link(expected.link, expected.bandwidth_bps, allowed_bps)
                )
                end = _End(target.device, expected)
                link.ends.insert(0 if expected.end == "a" else len(link.ends), end)
                self._ends[target.device].append((link, end))

    def fold(self, poll: DevicePoll) -> list[LinkSample]:
        """Take a poll in; the samples that it yields."""
        device = poll.device
        before = self.failures.get(device)
        failures = 0 if poll.answered else (before or 0) + 1
        self.failures[device] = failures
        if before is None or (before >= CONFIRM) is not (failures >= CONFIRM):
            self._touch(device)
        if not poll.answered:
            return []
        if device not in self._heard:
            self._touch(device)
        self._heard[device] = at = poll.at
        samples: list[LinkSample] = []
        for (link, end), reading in zip(self._ends[device], poll.readings, strict=True):
            sample = self._fold_end(link, end, reading, at)
            if sample is not None:
                samples.append(sample)
        return samples

    def silent(self) -> frozenset[str]:
        """Devices that do not answer, confirmed."""
        return frozenset(name for name, count in self.failures.items() if count >= CONFIRM)

    def states(self) -> dict[str, LinkState]:
        """Links of which something is known, as their ends report them."""
        return {link.id: link.verdict.state for link in self._links.values() if link.verdict}

    def age(self, now: float) -> None:
        """Note whose answers have grown too old to count."""
        oldest = now - self._alarms.stale_after_s
        for device in [name for name, at in self._heard.items() if at < oldest]:
            del self._heard[device]
            self._touch(device)

    def rejudge(self, now: float) -> list[tuple[str, Verdict]]:
        """Verdicts that changed since the last call."""
        dirty, self._dirty = self._dirty, {}
        changed = []
        for link in dirty.values():
            if any(end.device not in self.failures for end in link.ends):
                continue  # the first round is not over: nothing is known, and nothing is wrong
            verdict = self._judge(link, now)
            if link.verdict is None or verdict[:2] != link.verdict[:2]:
                changed.append((link.id, verdict))
            link.verdict = verdict
        return changed

    def _touch(self, device: str) -> None:
        self._dirty.update((link.id, link) for link, _ in self._ends[device])

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
        end.at = at
        if reading is None:
            end.base = end.rates = None
            self._see(link, end, NOT_SEEN)
            return None
        base, found = end.base, None
        went_on = base is not None and reading.uptime_cs >= base.uptime_cs
        if not (base and went_on and reading.received - base.received < self._spare_s):
            end.rates = found = rates(base, reading, self._interval_s, link.bandwidth_bps)
            end.base = reading
        values = reading.values
        self._see(link, end, (True, values[_OPER], values[_ADMIN], self._errors(end.rates)))
        if found is None or not self._speaks(link, end, found, at):
            return None
        self._count_busy(link, found)
        return _sample(end, found, at)

    def _see(
        self, link: _Link, end: _End, seen: tuple[bool, int | None, int | None, float]
    ) -> None:
        if seen != end.seen:
            end.seen = seen
            self._dirty[link.id] = link

    def _errors(self, found: Rates | None) -> float:
        if found is None or found.quality not in SOUND:
            return 0.0
        errors = (found.values[_IN_ERRORS] or 0.0) + (found.values[_OUT_ERRORS] or 0.0)
        return errors if errors > self._alarms.degraded_errors_ps else 0.0

    def _speaks(self, link: _Link, end: _End, found: Rates, at: float) -> bool:
        """Whether the link's sample comes from this end: from a, unless b knows and a does not."""
        first = link.ends[0]
        if first is end:
            return True
        if first.at is None or at - first.at >= 1.5 * self._interval_s:
            return True
        knows = first.seen[0] and first.rates is not None and first.rates.quality in RATED
        return not knows and found.quality in RATED

    def _count_busy(self, link: _Link, found: Rates) -> None:
        if found.quality not in SOUND or link.allowed_bps <= 0:
            return
        fastest = max(found.values[_IN_BPS] or 0.0, found.values[_OUT_BPS] or 0.0)
        before = link.busy
        link.busy = before + 1 if fastest > link.allowed_bps else 0
        if (before >= BUSY_POLLS) is not (link.busy >= BUSY_POLLS):
            self._dirty[link.id] = link

    def _judge(self, link: _Link, now: float) -> Verdict:
        views = tuple(
            EndView(
                end.device,
                end.expected.interface,
                end.at,
                self.failures[end.device] < CONFIRM,
                end.seen[0],
                end.seen[1],
                end.seen[2],
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
