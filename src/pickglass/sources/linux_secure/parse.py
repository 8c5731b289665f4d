"""Lines of Linux's log of authentication: who signed in from where, and what was run through sudo."""

from __future__ import annotations

import re
from typing import Any

MAXIMUM_LINE = 64 * 1024

_LINE = re.compile(
    r"^(?:<\d{1,3}>)?(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r" (?P<host>\S+) (?P<program>[^\s\[:]+)(?:\[[^\]]*\])?\]?: ?(?P<text>.*)$"
)
_SSH = re.compile(
    r"^(?P<verdict>Accepted|Failed) (?P<method>\S+) for (?:invalid user )?(?P<user>\S+) from (?P<address>\S+) port \d+"
)
_SESSION = re.compile(
    r"^pam_\w+\((?P<service>[\w.-]+):session\): session (?P<verb>opened|closed) for user (?P<user>[^\s(]+)"
)
_COMMAND = re.compile(
    r"^\s*(?P<user>\S+) : (?P<refused>[^=;]*;)? ?(?:TTY|PWD|USER|HOST|CHROOT)=.*? COMMAND=(?P<command>.*)$"
)
# Sessions of these are a person in front of the computer; those of sshd, sudo and cron are told by other lines or by nobody.
_AT_THE_COMPUTER = re.compile(r"^(login|gdm|lightdm|sddm|xdm|kde|greetd|lxdm|xrdp)")


def parse(raw: bytes) -> dict[str, Any]:
    """Read one line; returns its raw columns, or `{"problem": why}`. Never raises."""
    text = raw[:MAXIMUM_LINE].decode("utf-8", "replace").rstrip("\r\n")
    line = _LINE.match(text)
    if line is None:
        return {"problem": "no line of a log of authentication"}
    found: dict[str, Any] = {
        "stamp": line["stamp"],
        "host": line["host"],
        "program": line["program"],
        "kind": "other",
        "user": None,
        "verdict": None,
        "method": None,
        "address": None,
        "service": None,
        "command": None,
    }
    message = line["text"]
    if ssh := _SSH.match(message):
        return found | ssh.groupdict() | {"kind": "ssh"}
    if session := _SESSION.match(message):
        service, closed = session["service"], session["verb"] == "closed"
        if _AT_THE_COMPUTER.match(service) or (closed and service.startswith("sshd")):
            return found | {
                "kind": "closed" if closed else "opened",
                "user": session["user"],
                "service": service,
            }
    elif line["program"] == "sudo" and (command := _COMMAND.match(message)):
        # A reason stands in front of the first KEY=; without a terminal there is no TTY.
        return found | {
            "kind": "refused" if command["refused"] else "command",
            "user": command["user"],
            "command": command["command"],
        }
    return found
