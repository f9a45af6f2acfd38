"""What one process can watch: 10,000 devices of 24 interfaces every 10 s, for three minutes.

Measured as in tests.bench.poll: agents on loopback in another process, everything counted.
"""

from collections.abc import Iterator

from tests.bench import Figure
from tests.bench.poll import many

DEVICES = 10_000


def run() -> Iterator[Figure]:
    """Cores, late and missed polls, memory."""
    yield from many(DEVICES)
