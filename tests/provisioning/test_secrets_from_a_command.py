"""Secrets may come from anything that prints NAME=value."""

import pytest

from inventory.errors import SecretError
from inventory.secrets import load_secrets


def test_what_the_command_prints_is_read() -> None:
    secrets = load_secrets(None, {}, command="printf 'OSPF_KEY=a b\\nSNMP=c=d\\n'")
    assert secrets.get("OSPF_KEY") == "a b"
    assert secrets.get("SNMP") == "c=d"


def test_the_environment_stands_above_the_command() -> None:
    environ = {"IMERETI_SECRET_OSPF_KEY": "from-environment"}
    secrets = load_secrets(None, environ, command="echo OSPF_KEY=from-command")
    assert secrets.get("OSPF_KEY") == "from-environment"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("false", "false ended with status 1"),
        ("no-such-program-here", "can't be run"),
        ("echo hunter2", "expected NAME=value"),
    ],
)
def test_a_command_that_fails_is_named_and_no_value_is_shown(command: str, said: str) -> None:
    with pytest.raises(SecretError, match=said) as caught:
        load_secrets(None, {}, command=command)
    assert "hunter2" not in str(caught.value)
