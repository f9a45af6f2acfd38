"""A plan keeps nothing of a device that it has finished with."""

import pytest

from tests.bench.plan_many import measure

FEW, MANY = 10, 60


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_memory_of_a_plan_does_not_grow_with_the_number_of_devices() -> None:
    """`python -m tests.bench plan_many` measures 100 and 1,000."""
    few, many = measure(FEW), measure(MANY)
    assert (few.unchanged, many.unchanged) == (FEW, MANY)
    assert many.memory_mb < few.memory_mb + (MANY - FEW) * 0.2
    assert many.memory_mb < 300
