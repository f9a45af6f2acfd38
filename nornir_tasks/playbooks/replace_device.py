"""Put a new device of the same name in a broken one's place."""

from nornir_tasks.play import Play
from nornir_tasks.playbooks.onboard_site import write_day_zero

PARAMETERS = {
    "device": "name of the device",
    "out": "folder for the file to load on the new one (default: day-zero)",
    "wait": "seconds to wait for the new device (default: 600)",
}


def run(play: Play) -> None:
    """Write what the new one is to load; when it answers, make it run exactly what it should."""
    name = play.named("device", play.network.devices)
    write_day_zero(play, name)
    # A new device has a new host key; the old one must not be taken for it, nor it for the old.
    play.forget_host_key(name)
    play.wait_for(name, float(play.arguments.get("wait", "600")))
    play.apply(play.network, (name,))
    play.verify((name,))
    play.say(f"{name}: runs what {name} should run")
