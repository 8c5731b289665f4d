"""The company: its teams, its workers with their employments and habits, and the machines they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.people import Name, Person
from pickglass.simulate.world.places import Address, Home, Network, Place


@dataclass(frozen=True, slots=True)
class Office:
    place: Place
    address: Address
    network: Network


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    engineer: bool
    roles: tuple[str, ...]
    repositories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trip:
    first: int
    last: int
    network: Network
    approved: bool
    away: bool = False  # a holiday: no work is done


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that somebody keeps using on the company's machine."""

    product: str  # a key of `software.yaml`
    first: int
    per_mille: int  # of working days


@dataclass(frozen=True, slots=True)
class Camera:
    camera: str
    microphone: str
    speaker: str


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody works; the same knobs for everybody."""

    blocks: tuple[tuple[int, int], ...]  # (minute of the local day, minutes): when they work
    office: int = 0  # per mille of days in the office
    vpn: tuple[Network, ...] = ()  # exits of the consumer VPN they have
    vpn_share: int = 0
    corporate_vpn: int = 0
    phone: int = 60  # sign-ins from the phone
    own_computer: int = 0  # sign-ins from an own computer
    own_computer_network: tuple[Network, ...] = ()  # where that computer is; empty: where they are
    camera: int = 700
    devices: Camera = Camera("Integrated Camera", "Microphone Array", "Speakers")
    latency: int = 45
    meets_on_own: bool = False  # joins meetings from the own computer
    meets_long: int = 0  # per mille of days with a meeting shared all day
    tools: tuple[Tool, ...] = ()
    weekend: int = 15
    authenticator_networks: tuple[
        Network, ...
    ] = ()  # where the authenticator's phone is; empty: with its owner
    cloud_desktop: bool = False
    stays_on: bool = False  # the machine never sleeps
    repositories: int = 2  # of the team's, in daily use
    documents: int = 2  # opened or downloaded on a day
    commits: int = 650
    calm: int = 1000  # share of ordinary work that is done at all


@dataclass(frozen=True, slots=True)
class Worker:
    index: int
    employee: str
    candidate: int
    person: Person
    mail: str
    login: str  # at the code host
    team: Team
    role: str
    kind: Literal["employee", "contractor"]
    agency: str
    remote: bool
    office: Office
    manager: int
    hired: int
    left: int | None
    left_reason: str
    habits: Habits
    homes: tuple[tuple[int, Home], ...]  # from which day they really live where
    told: tuple[tuple[int, Home], ...]  # and what they tell the employer
    machines: tuple[tuple[int, Machine], ...]  # issued, from which day
    own: Machine
    phone: Machine
    authenticator: str
    carrier: Place  # whose gateways the phone's packets leave by
    trips: tuple[Trip, ...] = ()
    desk: Network | None = None  # where the issued machine stands, if not at home
    part: str = ""  # in the play; empty for the chorus
    post: bool = False  # one of the posts that every company has
    counterpart: int | None = None  # whose life this one repeats, throw for throw of the dice
    shown: str = ""  # the name they give themselves in meetings, if not the one on file
    renamed: tuple[int, Name] | None = None  # from which day the roster has another name

    @property
    def dice(self) -> int:
        """Whose stream of draws decides what happens to them."""
        return self.index if self.counterpart is None else self.counterpart

    def name(self, day: int) -> Name:
        """The name on file on a day."""
        if self.renamed is not None and self.renamed[0] <= day:
            return self.renamed[1]
        return self.person.name

    def home(self, day: int) -> Home:
        return _in_force(self.homes, day)

    def told_home(self, day: int) -> Home:
        return _in_force(self.told, day)

    def machine(self, day: int) -> Machine:
        """The machine they hold on a day; before the first day, the one that waits for them."""
        held = [machine for first, machine in self.machines if first <= day]
        return held[-1] if held else self.machines[0][1]

    def employed(self, day: int) -> bool:
        return self.hired <= day and (self.left is None or day <= self.left)

    @property
    def account(self) -> str:
        return f"workday:{self.employee}"


def _in_force(history: tuple[tuple[int, Home], ...], day: int) -> Home:
    current = history[0][1]
    for first, home in history:
        if first <= day:
            current = home
    return current


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    domain: str
    github: str
    agency: str
    seed: int
    first: int
    last: int
    teams: tuple[Team, ...]
    offices: tuple[Office, ...]
    corporate_vpn: tuple[Network, ...]
    workers: tuple[Worker, ...]
    parts: dict[str, int] = field(default_factory=dict)  # part → worker

    def who(self, part: str) -> Worker:
        return self.workers[self.parts[part]]

    def day(self, number: int) -> int:
        """A day of the play, which is written for 240 days and shrinks with a shorter calendar."""
        return self.first + number * min(self.last - self.first, 240) // 240
