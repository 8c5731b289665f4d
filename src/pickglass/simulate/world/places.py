"""Cities, addresses and networks, and the pools that hand out new ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import cos, radians
from typing import Literal

from pickglass.simulate.clock import at
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import table

NetworkKind = Literal["home", "office", "corporate_vpn", "mobile", "vpn", "hosting", "guest", "campus"]


@dataclass(frozen=True, slots=True)
class Place:
    city: str
    region: str
    region_name: str
    country: str
    latitude: float
    longitude: float
    offset: int
    summer: str
    zone: str
    postal: str
    weight: int

    @property
    def country_name(self) -> str:
        return str(table("places")["countries"][self.country]["name"])

    def time(self, day: int, minute: int) -> int:
        """The instant when clocks here show `minute` of `day`."""
        return at(day, minute, self.offset, self.summer)

    def kilometres(self, other: Place) -> float:
        """Good enough for `near` and `far`: a flat map around the middle."""
        middle = radians((self.latitude + other.latitude) / 2)
        east = (self.longitude - other.longitude) * cos(middle)
        north = self.latitude - other.latitude
        return float(111.2 * (east * east + north * north) ** 0.5)


@dataclass(frozen=True, slots=True)
class Address:
    line: str
    unit: str
    place: Place
    postal: str
    kind: Literal["residence", "business", "mailbox", "pickup_point"] = "residence"

    @property
    def street(self) -> str:
        return f"{self.line} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Network:
    """Where packets come out: one public address and what the world believes about it."""

    kind: NetworkKind
    ip: str
    asn: int
    as_org: str
    place: Place  # where geolocation puts the address, which need not be where its users are
    operator: str = ""  # of a consumer VPN, as an identity provider names it
    wired: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    address: Address
    network: Network


@cache
def places() -> tuple[Place, ...]:
    data = table("places")
    return tuple(Place(**dict(zip(data["columns"], row, strict=True))) for row in data["rows"])


@cache
def place(city: str) -> Place:
    return next(known for known in places() if known.city == city)


@cache
def vpn_exits(operator: str) -> tuple[Network, ...]:
    """Every exit of one consumer VPN; the addresses are the same in every company."""
    exits = []
    number = 0
    for provider in table("networks")["vpn"]:
        for city in provider["cities"]:
            for _ in range(3):
                number += 1
                if provider["operator"] == operator:
                    exits.append(
                        Network(
                            "vpn",
                            f"192.0.2.{number}",
                            provider["asn"],
                            provider["as_org"],
                            place(city),
                            operator,
                        )
                    )
    return tuple(exits)


@cache
def hosting_exits() -> tuple[Network, ...]:
    return tuple(
        Network("hosting", f"198.51.100.{10 + 7 * number}", row["asn"], row["as_org"], place(row["city"]))
        for number, row in enumerate(table("networks")["hosting"])
    )


class Land:
    """Hands out addresses and access networks that nobody has yet."""

    def __init__(self, seed: int) -> None:
        self._draw = Draw(seed, "land")
        self._homes = 0
        self._addresses: set[tuple[str, str]] = set()
        self._step = 1 + 2 * self._draw.below(20_000)

    def home_place(self, draw: Draw) -> Place:
        known = places()
        return draw.weighted(known, [one.weight for one in known])

    def address(self, where: Place, *, flat: bool | None = None) -> Address:
        data = table("places")
        draw = self._draw
        while True:
            street = f"{draw.pick(data['streets'])} {draw.pick(data['street_kinds'])}"
            number = draw.between(2, 940)
            line = (
                f"{street} {number}"
                if where.country in {"DE", "PL", "PT", "BR", "EE"}
                else f"{number} {street}"
            )
            if (line, where.city) not in self._addresses:
                break
        self._addresses.add((line, where.city))
        in_flats = draw.chance(420) if flat is None else flat
        return Address(line, self.unit(where) if in_flats else "", where, self.postal(where))

    def unit(self, where: Place) -> str:
        number = self._draw.between(1, 48)
        return f"Apt {number}" if where.country in {"US", "CA", "BR", "IN"} else f"Flat {number}"

    def postal(self, where: Place) -> str:
        draw = self._draw
        if where.country == "GB":
            end = draw.letters(2, "ABDEFGHJLNPQRSTUWXYZ")
            return f"{where.postal}{draw.between(1, 19)} {draw.between(1, 9)}{end}"
        if where.country == "CA":
            letter = "ABCEGHJKLMNPRSTVXY"
            end = f"{draw.digits(1)}{draw.letters(1, letter)}{draw.digits(1)}"
            return f"{where.postal}{draw.letters(1, letter)} {end}"
        if where.country == "PL":
            return f"{where.postal}-{draw.digits(3)}"
        if where.country == "PT":
            return f"{where.postal}{draw.digits(2)}-{draw.digits(3)}"
        if where.country == "BR":
            return f"{where.postal}{draw.digits(3)}-{draw.digits(3)}"
        length = {"US": 5, "DE": 5, "IN": 6, "EE": 5, "BW": 4, "NZ": 4}[where.country]
        return where.postal + draw.digits(length - len(where.postal))

    def access(self, where: Place, kind: NetworkKind = "home") -> Network:
        """A household's own line: one address that stays."""
        self._homes += 1
        number = (self._homes * self._step) % 130_000 + 300
        ip = f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        asn, organisation = self._draw.pick(table("networks")["access"][where.country])
        return Network(kind, ip, asn, organisation, where)

    def guest(self, where: Place) -> Network:
        """A hotel, a café, a co-working room."""
        line = self.access(where, "guest")
        asn, organisation = table("networks")["hospitality"]
        return Network("guest", line.ip, asn, organisation, where)

    def home(self, where: Place, *, flat: bool | None = None) -> Home:
        return Home(self.address(where, flat=flat), self.access(where))


CARRIER_EXITS = 64  # a phone comes out of another one every time


@cache
def carrier_exit(where: Place, slot: int) -> Network:
    """One of the many addresses behind which a carrier's customers near a city appear."""
    asn, organisation = table("networks")["carriers"][where.country]
    number = places().index(where) * CARRIER_EXITS + slot
    return Network("mobile", f"100.{64 + number // 256}.{number % 256}.{1 + slot}", asn, organisation, where)


def carrier_place(where: Place, draw: Draw, elsewhere_per_mille: int) -> Place:
    """Where geolocation puts a phone's packets: often a gateway in another city of the country."""
    if draw.chance(elsewhere_per_mille):
        return draw.pick([one for one in places() if one.country == where.country])
    return where
