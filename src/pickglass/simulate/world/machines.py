"""Machines: company laptops, desktops in the cloud, people's own computers and phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pickglass.simulate.draws import Draw

System = Literal["Windows", "macOS", "iOS", "Android"]

_WINDOWS = (("Dell Inc.", "Latitude 5450"), ("LENOVO", "ThinkPad T14 Gen 5"), ("HP", "EliteBook 840 G11"))
_MAC = (("Apple", "MacBook Pro (14-inch, 2024)"), ("Apple", "MacBook Air (13-inch, 2025)"))
_BUILDS = ("10.0.26100.4351", "10.0.26100.4652", "10.0.22631.5472")
_MAC_BUILDS = ("15.5", "15.6.1", "14.7.6")


@dataclass(frozen=True, slots=True)
class Machine:
    serial: str
    device_id: str  # as the endpoint product names it
    directory_id: str  # as the identity provider and the device management name it
    name: str
    maker: str
    model: str
    system: System
    version: str
    wifi_mac: str
    ethernet_mac: str
    managed: bool = True
    virtual: bool = False


def mac_address(draw: Draw) -> str:
    return "02" + draw.hexadecimal(10).upper()  # locally administered: no maker's number


def laptop(draw: Draw, number: int, *, mac: bool) -> Machine:
    maker, model = draw.pick(_MAC if mac else _WINDOWS)
    serial = draw.letters(10 if mac else 7)
    return Machine(
        serial,
        draw.hexadecimal(40),
        draw.guid(),
        f"TT-{'M' if mac else 'W'}{number:05}",
        maker,
        model,
        "macOS" if mac else "Windows",
        draw.pick(_MAC_BUILDS if mac else _BUILDS),
        mac_address(draw),
        mac_address(draw),
    )


def cloud_desktop(draw: Draw, number: int) -> Machine:
    return Machine(
        draw.digits(28),
        draw.hexadecimal(40),
        draw.guid(),
        f"TT-VDI{number:04}",
        "Microsoft Corporation",
        "Virtual Machine",
        "Windows",
        _BUILDS[0],
        "",
        mac_address(draw),
        virtual=True,
    )


def own_computer(draw: Draw, system: System = "Windows") -> Machine:
    return Machine(
        "",
        "",
        "",
        f"DESKTOP-{draw.letters(7)}" if system == "Windows" else "MacBook-Pro",
        "",
        "",
        system,
        draw.pick(_BUILDS if system == "Windows" else _MAC_BUILDS),
        mac_address(draw),
        mac_address(draw),
        managed=False,
    )


def own_phone(draw: Draw) -> Machine:
    system: System = "iOS" if draw.chance(520) else "Android"
    return Machine(
        "",
        draw.guid(),
        "",
        "iPhone" if system == "iOS" else "Pixel 9",
        "",
        "",
        system,
        "18.5" if system == "iOS" else "16",
        "",
        "",
        managed=False,
    )


def browser(machine: Machine, month: int) -> tuple[str, str]:
    """The browser's name and the user agent that it sends in a month (1 to 12)."""
    version = 138 + month
    if machine.system == "iOS":
        return "Safari", (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
        )
    if machine.system == "Android":
        return "Chrome", (
            f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{version}.0.0.0 Mobile Safari/537.36"
        )
    if machine.system == "macOS":
        return "Chrome", (
            f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{version}.0.0.0 Safari/537.36"
        )
    if machine.managed:
        return "Edge", (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{version}.0.0.0 Safari/537.36 Edg/{version}.0.0.0"
        )
    return "Chrome", (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 Safari/537.36"
    )
