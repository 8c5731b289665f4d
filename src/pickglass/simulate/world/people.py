"""Invented people: names from one distribution, homes, phones, habits of life."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from pickglass.simulate.clock import LAST_DAY
from pickglass.simulate.draws import Draw
from pickglass.simulate.tables import table
from pickglass.simulate.world.places import Home, Place

WEBMAIL = ("mailbox.example", "inbox.example.net", "post.example.org", "letters.example.com")
_NO_ACCENT = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "Đ": "D", "ß": "ss"})


def plain(text: str) -> str:
    """Latin letters without their accents, as directories, banks and carriers write them."""
    apart = unicodedata.normalize("NFKD", text.translate(_NO_ACCENT))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class Name:
    given: str
    family: str

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}".strip()

    @property
    def key(self) -> str:
        return plain(f"{self.given}.{self.family}".lower())


@dataclass(frozen=True, slots=True)
class Person:
    name: Name
    birth: int
    phone: str
    mail: str
    home: Home
    private: Mapping[str, str] = field(default_factory=dict)  # what some exports tell and nobody may read


def draw_name(draw: Draw) -> Name:
    """The one distribution of names, for honest and planted people alike."""
    parts = table("names")
    given = draw.pick(parts["given_first"]) + draw.pick(parts["given_last"])
    family = (
        draw.pick(parts["family_first"]) + draw.pick(parts["family_middle"]) + draw.pick(parts["family_last"])
    )
    return Name(given, family)


def draw_mail(draw: Draw, name: Name) -> str:
    key = name.key
    given, family = key.split(".")
    local = draw.pick(
        [key, f"{given}{family}", f"{given[0]}.{family}", f"{given}_{family}", f"{family}.{given}"]
    )
    number = str(draw.between(2, 99)) if draw.chance(450) else ""
    return f"{local}{number}@{draw.pick(WEBMAIL)}"


class PhoneBook:
    """Hands out numbers of the ranges kept for fiction where a country has one; no number twice."""

    def __init__(self, seed: int) -> None:
        self._draw = Draw(seed, "phones")
        self._given: set[str] = set()

    def number(self, country: str) -> str:
        draw = self._draw
        data = table("places")["countries"][country]
        for attempt in range(100_000):
            if data["dial"] == "1":
                area = draw.pick(_CANADA if country == "CA" else _AMERICA)
                line = "01" + draw.digits(2) if attempt < 50 else draw.digits(4)
                number = f"+1{area}555{line}"
            elif country == "GB":
                number = f"+44{draw.pick(_BRITAIN)}{draw.digits(3)}"
            else:
                length = int(data["phone"])
                number = f"+{data['dial']}{'5550'[: length - 5]}{draw.digits(length - min(4, length - 5))}"
            if number not in self._given:
                self._given.add(number)
                return number
        raise AssertionError(f"no free number left in {country}")


_BRITAIN = [
    "7700900",
    "7700900",
    "7700900",
    "1134960",
    "1144960",
    "1154960",
    "1164960",
    "1174960",
    "1184960",
    "1214960",
    "1314960",
    "1414960",
    "1514960",
    "1614960",
    "1914980",
    "2079460",
    "2920180",
]
_AMERICA = [
    "919",
    "984",
    "704",
    "980",
    "615",
    "629",
    "512",
    "737",
    "713",
    "832",
    "602",
    "480",
    "303",
    "720",
    "206",
    "253",
    "916",
    "279",
    "775",
    "614",
    "380",
    "813",
    "656",
    "515",
    "518",
    "838",
    "205",
    "208",
    "239",
    "251",
    "270",
    "304",
    "315",
    "318",
    "334",
    "352",
    "405",
    "417",
    "419",
    "423",
    "502",
    "505",
    "509",
    "540",
    "541",
    "559",
    "570",
    "573",
    "580",
    "603",
    "606",
    "608",
    "612",
    "614",
    "618",
    "620",
    "630",
    "641",
    "651",
    "660",
    "678",
    "701",
    "706",
    "712",
    "715",
    "719",
    "731",
    "740",
    "757",
    "765",
    "770",
    "785",
    "803",
    "804",
    "806",
    "810",
    "812",
    "814",
    "815",
    "816",
    "828",
    "830",
    "843",
    "845",
    "850",
    "859",
    "863",
    "864",
    "865",
    "870",
    "901",
    "903",
    "904",
    "906",
    "910",
    "912",
    "913",
    "918",
    "920",
    "925",
    "928",
    "931",
    "936",
    "937",
    "940",
    "941",
    "947",
    "951",
    "956",
    "970",
    "971",
    "973",
    "979",
    "985",
    "989",
]
_CANADA = [
    "416",
    "647",
    "437",
    "902",
    "782",
    "204",
    "250",
    "306",
    "403",
    "418",
    "506",
    "519",
    "587",
    "604",
    "613",
    "705",
    "709",
    "778",
    "780",
    "807",
    "819",
    "867",
    "905",
]


def draw_person(draw: Draw, name: Name, home: Home, phones: PhoneBook) -> Person:
    birth = LAST_DAY - draw.between(22 * 365, 61 * 365)
    return Person(name, birth, phones.number(home.address.place.country), draw_mail(draw, name), home)


def near(place: Place, others: tuple[Place, ...]) -> tuple[Place, ...]:
    """Other cities of the same country, the nearest first."""
    same = [other for other in others if other.country == place.country and other is not place]
    return tuple(sorted(same, key=lambda other: (place.kilometres(other), other.city)))
