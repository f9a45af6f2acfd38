"""What became of a change when its program does not know: the device is asked, then looked at."""

from nornir_tasks.session import Files, Outcome, Session


def settled_fate(session: Session, token: str, candidate: Files) -> Outcome:
    """The end of the change of `token`; `candidate` (secrets filled) is what it meant to run.

    A change that still waits for its confirmation is taken back: nobody is left to confirm it.
    A device that has forgotten (a reboot empties its memory) is compared with the candidate.
    """
    outcome = session.outcome(token)
    if outcome.state == "armed":
        session.revert()
        outcome = session.outcome(token)
    if outcome.state != "unknown":
        return outcome
    session.stage(candidate)
    try:
        runs = not session.difference()
    finally:
        session.discard()
    if runs:
        return Outcome("confirmed", "the device runs what the change meant")
    return Outcome("reverted", "the device does not run what the change meant")
