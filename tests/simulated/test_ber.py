"""The codec against itself, and against bytes that nobody meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import ber

oids = st.tuples(
    st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**32 - 1), max_size=20)
).map(lambda parts: (parts[0], parts[1], *parts[2]))


@given(st.integers(-(2**64), 2**64))
def test_an_integer_comes_back_as_it_went_in(value: int) -> None:
    encoded = ber.integer(value)
    assert ber.read_integer(encoded, 0) == (value, len(encoded))


@given(st.integers(-(2**64), 2**64))
def test_an_integer_takes_no_octet_too_many(value: int) -> None:
    body = ber.integer(value)[2:]
    if len(body) > 1:  # X.690 section 8.3.2: the first nine bits are not all alike
        assert (body[0], body[1] >> 7) not in {(0x00, 0), (0xFF, 1)}


@given(oids)
def test_an_oid_comes_back_as_it_went_in(value: ber.Oid) -> None:
    encoded = ber.oid(value)
    assert ber.read_oid(encoded, 0) == (value, len(encoded))


@given(st.binary(max_size=300))
def test_octets_come_back_as_they_went_in(value: bytes) -> None:
    encoded = ber.octets(value)
    tag, start, end = ber.read(encoded, 0)
    assert (tag, encoded[start:end], end) == (ber.OCTET_STRING, value, len(encoded))


@given(st.binary(max_size=200))
def test_garbage_is_a_value_error_and_nothing_else(datagram: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the reason is for whoever debugs a client)
        ber.read_request(datagram + b"\x00")


def test_a_known_request_is_read_as_rfc_3416_wants() -> None:
    # GetBulk, community "public", request id 0x1234, 1 non-repeater, 10 repetitions, two names.
    datagram = bytes.fromhex(
        "302f 020101 0406 7075626c6963 a522 0202 1234 0201 01 0201 0a"
        "3016 300b 0607 2b060102010103 0500 3007 0603 2b0601 0500".replace(" ", "")
    )
    request = ber.read_request(datagram)
    assert request.community == b"public"
    assert (request.pdu, request.non_repeaters, request.max_repetitions) == (ber.GET_BULK, 1, 10)
    assert [name for name, _ in ber.read_names(request.varbinds)] == [
        (1, 3, 6, 1, 2, 1, 1, 3),
        (1, 3, 6, 1),
    ]
