"""What the ends of links say, poll after poll: samples for the store, verdicts for the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import cast

from inventory.settings import AlarmSettings
from monitor.agent import DevicePoll
from monitor.ends import NOT_SEEN, End, Link, Owner, Quick, Seen
from monitor.flat import Flat, one_of
from monitor.health import BUSY_POLLS, SOUND, EndView, Verdict, judge
from monitor.metrics import COLUMN, MIRROR, SERIES_INDEX
from monitor.quick import QUICK, limits_of, quick_rates
from monitor.rates import Rates, came_back, no_rates, rates
from monitor.readings import Reading
from monitor.store.base import LinkSample
from monitor.targets import Target
from monitor.values import RATED, LinkState, Quality

CONFIRM = 2
"""So many polls in a row without an answer make a device silent; the second follows at once."""
SPARE_SHARE = 0.5
"""A poll that comes sooner than this share of the interval tells states, not rates."""
_OPER, _ADMIN = COLUMN["ifOperStatus"], COLUMN["ifAdminStatus"]
_IN_BPS, _OUT_BPS = SERIES_INDEX["in_bps"], SERIES_INDEX["out_bps"]
_IN_ERRORS, _OUT_ERRORS = SERIES_INDEX["in_errors_ps"], SERIES_INDEX["out_errors_ps"]

_SAMPLE: Callable[[tuple[object, ...]], LinkSample] = partial(tuple.__new__, LinkSample)
"""From its fields, without a call of Python's."""


class Links:
    """All links and the devices at their ends."""

    def __init__(self, targets: Iterable[Target], alarms: AlarmSettings, interval_s: float) -> None:
        self._alarms, self._interval_s = alarms, interval_s
        self._spare_s = SPARE_SHARE * interval_s
        self._links: dict[str, Link] = {}
        self._owners: dict[str, Owner] = {}
        self._heard: dict[str, float] = {}
        """Unix time of each device's last answer, as long as that is not too old."""
        self._dirty: dict[str, Link] = {}
        """Links whose verdict may be another: what it rests on changed."""
        self._same_seen: dict[Seen, Seen] = {}
        self._allowed_bps: dict[int, float] = {}
        """Use of a link of so many bits a second that is no trouble; links share it."""
        self.failures: dict[str, int] = {}
        """Polls in a row without an answer, by device; absent before the first poll."""
        made = {each.device: self._ends_of(each) for each in targets}
        for device, ends in made.items():
            self._owners[device].own(ends)

    def _ends_of(self, target: Target) -> list[End]:
        owner = self._owners[target.device] = Owner(target.device)
        ends = []
        for place, expected in enumerate(target.interfaces):
            link = self._links.get(expected.link)
            if link is None:
                bps = expected.bandwidth_bps
                allowed_bps = self._allowed_bps.setdefault(
                    bps, bps * self._alarms.degraded_utilisation
                )
                link = self._links[expected.link] = Link(expected.link, bps, allowed_bps)
            end = End(owner, place, link, expected)
            link.ends = (end, *link.ends) if expected.end == "a" else (*link.ends, end)
            ends.append(end)
        return ends

    def take_over(self, other: "Links") -> None:
        """Go on with what `other` knew of devices, ends and links that are still there."""
        for name, owner in self._owners.items():
            if (known := other._owners.get(name)) is None:
                continue
            owner.go_on(known)
            for mine, theirs in ((self._heard, other._heard), (self.failures, other.failures)):
                if name in theirs:
                    mine[name] = theirs[name]  # type: ignore[assignment]
        for name, link in self._links.items():
            if (before := other._links.get(name)) is not None:
                link.verdict, link.busy = before.verdict, before.busy
                link.loss, link.trouble = before.loss, before.trouble
        self._dirty.update(self._links)

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
        owner = self._owners[device]
        owner.at = at
        readings = poll.readings
        if isinstance(readings, Flat) and QUICK:
            found = quick_rates(owner, readings, self._interval_s, self._spare_s)
            if found is not None:
                if owner.quick is None:
                    owner.forget_each()
                owner.base, owner.quick = readings, found
                return self._quick_samples(owner, found, at)
        return self._fold_each(owner, readings, at)

    def _quick_samples(self, owner: Owner, found: Quick, at: float) -> list[LinkSample]:
        speaking = owner.firsts
        if owner.seconds:
            more = [p for p in owner.seconds if self._speaks(owner.ends[p], at, rated=True)]
            if more:
                speaking = owner.speaking((*speaking.places, *more))
        row, seconds = found.row, found.seconds
        rows = zip(
            speaking.links,
            repeat(at),
            repeat(Quality.GOOD),
            speaking.covers(seconds),
            [pick(row) for pick in speaking.picks],
            strict=False,
        )
        return list(map(_SAMPLE, rows))

    def _fold_each(
        self, owner: Owner, readings: Sequence[Reading | None], at: float
    ) -> list[LinkSample]:
        """Each interface by itself."""
        owner.let_go()
        each_reading = tuple(readings)
        samples: list[LinkSample] = []
        for end, reading in zip(owner.ends, each_reading, strict=True):
            sample = self._fold_end(end, reading, at)
            if sample is not None:
                samples.append(sample)
        if isinstance(readings, Flat):
            self._rest_on(owner, readings, each_reading)
        owner.troubled = any(end.seen[3] or end.link.busy or end.fell_from for end in owner.ends)
        return samples

    def _rest_on(self, owner: Owner, flat: Flat, each_reading: tuple[Reading | None, ...]) -> None:
        """From now on compare all at once, if every interface's next reading has one base."""
        taken = all(
            reading is not None and end.base is reading and None not in reading.values[1:]
            for end, reading in zip(owner.ends, each_reading, strict=True)
        )
        if taken and owner.ends:
            flat.statics = one_of(flat.statics)
            owner.base = flat
            owner.tops = None
            owner.limits = limits_of(owner, cast("Sequence[Reading]", each_reading), self._alarms)
            for end in owner.ends:
                end.base = None

    def silent(self) -> frozenset[str]:
        """Devices that do not answer, confirmed."""
        return frozenset(name for name, count in self.failures.items() if count >= CONFIRM)

    def states(self) -> dict[str, LinkState]:
        """Links of which something is known, as their ends report them."""
        return {link.id: link.verdict.state for link in self._links.values() if link.verdict}

    def states_of(self, links: Iterable[str]) -> dict[str, LinkState]:
        """The same of `links` alone."""
        known = self._links
        return {
            name: link.verdict.state
            for name in links
            if (link := known.get(name)) is not None and link.verdict
        }

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
        last: Verdict | None = None
        for link in dirty.values():
            if any(end.known_by.name not in self.failures for end in link.ends):
                continue  # the first round is not over: nothing is known, and nothing is wrong
            verdict = self._judge(link, now)
            if verdict == last:  # as of most links of a device: one object for all
                verdict = last
            last = verdict
            if link.verdict is None or verdict[:2] != link.verdict[:2]:
                changed.append((link.id, verdict))
            link.verdict = verdict
        return changed

    def _touch(self, device: str) -> None:
        self._dirty.update((end.link.id, end.link) for end in self._owners[device].ends)

    def note_loss(self, link: str, loss: float | None) -> None:
        """What pings through `link` say; None when they say nothing."""
        found = self._links.get(link)
        if found is not None and found.loss != loss:
            found.loss = loss
            self._dirty[link] = found

    def note_trouble(self, link: str, trouble: str) -> None:
        """What routing over `link` lacks; empty when it lacks nothing, or nobody knows."""
        found = self._links.get(link)
        if found is not None and found.trouble != trouble:
            found.trouble = trouble
            self._dirty[link] = found

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
            rated = [end for end in link.ends if end.knows]
            known = rated or [end for end in link.ends if end.rates]
            if known and known[0].rates:
                found.append(_sample(known[0], known[0].rates, known[0].known_by.at or at))
        return found

    def _fold_end(self, end: End, reading: Reading | None, at: float) -> LinkSample | None:
        link = end.link
        if reading is None:
            end.base = end.rates = end.fell_from = None
            self._see(end, NOT_SEEN)
            return None
        base, found = end.base, None
        went_on = base is not None and reading.uptime_cs >= base.uptime_cs
        if not (base and went_on and reading.received - base.received < self._spare_s):
            found = rates(base, reading, self._interval_s, link.bandwidth_bps)
            fell_from = base if found.quality is Quality.RESET else None
            if end.fell_from and base and came_back(end.fell_from, base, reading):
                found, fell_from = no_rates(Quality.RESET, reading), None
            end.rates, end.base, end.fell_from = found, reading, fell_from
        values = reading.values
        self._see(end, (True, values[_OPER], values[_ADMIN], self._errors(end.rates)))
        if found is None or not self._speaks(end, at, rated=found.quality in RATED):
            return None
        self._count_busy(link, found)
        return _sample(end, found, at)

    def _see(self, end: End, seen: Seen) -> None:
        if seen != end.seen:
            end.seen = self._same_seen.setdefault(seen, seen)
            self._dirty[end.link.id] = end.link

    def _errors(self, found: Rates | None) -> float:
        if found is None or found.quality not in SOUND:
            return 0.0
        errors = (found.values[_IN_ERRORS] or 0.0) + (found.values[_OUT_ERRORS] or 0.0)
        return errors if errors > self._alarms.degraded_errors_ps else 0.0

    def _speaks(self, end: End, at: float, *, rated: bool) -> bool:
        """Whether the link's sample comes from this end: from a, unless b knows and a does not."""
        first = end.link.ends[0]
        if first is end:
            return True
        heard = first.known_by.at
        if heard is None or at - heard >= 1.5 * self._interval_s:
            return True
        return rated and not first.knows

    def _count_busy(self, link: Link, found: Rates) -> None:
        if found.quality not in SOUND or link.allowed_bps <= 0:
            return
        fastest = max(found.values[_IN_BPS] or 0.0, found.values[_OUT_BPS] or 0.0)
        before = link.busy
        link.busy = before + 1 if fastest > link.allowed_bps else 0
        if link.busy:
            for end in link.ends:
                end.known_by.troubled = True
        if (before >= BUSY_POLLS) is not (link.busy >= BUSY_POLLS):
            self._dirty[link.id] = link

    def _judge(self, link: Link, now: float) -> Verdict:
        views = tuple(
            EndView(
                end.known_by.name,
                end.expected.interface,
                end.known_by.at,
                self.failures[end.known_by.name] < CONFIRM,
                end.seen[0],
                end.seen[1],
                end.seen[2],
                end.rates,
            )
            for end in link.ends
        )
        return judge(
            views,
            link.bandwidth_bps,
            self._alarms,
            now,
            busy_polls=link.busy,
            loss=link.loss,
            trouble=link.trouble,
        )


def _sample(end: End, found: Rates, at: float) -> LinkSample:
    values = found.values
    if end.expected.end == "b":
        values = tuple(values[place] for place in MIRROR)
    return LinkSample(end.expected.link, at, found.quality, found.covers_s, values)
