"""What happens in the company, before any vendor writes it down: one small record per kind of act.

Times are seconds of UTC. `worker` is an index into `Company.workers`; applicants are known by candidate id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from pickglass.simulate.world.company import Camera
from pickglass.simulate.world.machines import Machine
from pickglass.simulate.world.places import Address, Network


class SignIn(NamedTuple):
    time: int
    worker: int
    provider: str  # okta | entra
    kind: str  # session | sso | mfa | enrol | reset | token
    app: str
    network: Network
    machine: Machine
    ok: bool = True
    detail: str = ""
    session: str = ""
    authenticator: str = ""
    authenticator_network: Network | None = None


class Process(NamedTuple):
    time: int
    worker: int
    machine: Machine
    program: str  # a key of `software.yaml`
    arguments: str = ""
    parent: str = ""


class Plugged(NamedTuple):
    time: int
    worker: int
    machine: Machine
    thing: str  # a key of `gadgets` in `software.yaml`
    port: str


class Connection(NamedTuple):
    time: int
    worker: int
    machine: Machine
    program: str
    host: str
    ip: str
    port: int


class FileAct(NamedTuple):
    time: int
    worker: int
    machine: Machine
    action: str  # FileCreated | FileModified | FileRenamed | FileDeleted
    folder: str
    name: str
    size: int
    program: str


class DataAct(NamedTuple):
    time: int
    worker: int
    service: str  # github | drive
    action: str  # clone fetch push zip | view download edit create share upload
    resource: str
    name: str
    network: Network
    machine: Machine
    size: int = 0
    owner: str = ""
    target: str = ""


class GoogleLogin(NamedTuple):
    time: int
    worker: int
    network: Network
    ok: bool


class Join(NamedTuple):
    time: int
    meeting: str
    topic: str
    worker: int
    minutes: int
    video: int  # minutes with video
    share: int
    machine: Machine
    devices: Camera
    network: Network
    latency: int
    wired: bool


class Checkin(NamedTuple):
    """What device management last heard of a machine by a day."""

    time: int
    enrolled: int
    worker: int
    machine: Machine
    free: int


class Parcel(NamedTuple):
    number: int
    worker: int
    carrier: str  # fedex | easypost
    tracking: str
    serial: str
    recipient: str
    addressed: Address
    delivered: Address
    signed: str
    scans: tuple[tuple[int, str, Address], ...]  # time, what, where
    kind: str = "issue"  # issue | return


class PayAccount(NamedTuple):
    time: int
    worker: int
    bank: str
    routing: str
    number: str
    owner: str
    kind: str  # bank | money
    network: Network | None = None
    session: str = ""
    actor: str = ""


class Ticket(NamedTuple):
    time: int
    worker: int
    category: str
    activity: str = "opened"
    outcome: str = ""
    detail: str = ""
    related: int | None = None
    number: str = ""


class Attestation(NamedTuple):
    time: int
    worker: int | None
    kind: str
    value: str
    author: int
    reason: str
    outcome: str = "passed"
    department: str = ""
    until: int | None = None


class Listed(NamedTuple):
    """A value that an intelligence list names."""

    time: int
    kind: str
    value: str
    list_name: str
    confidence: str
    until: int


@dataclass(frozen=True, slots=True)
class Letter:
    time: int
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    attachments: tuple[
        tuple[str, tuple[tuple[str, str], ...]], ...
    ] = ()  # name and what a ZIP holds; () if plain
    sender_ip: str = ""
    passes: bool = True
    html: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    time: int
    name: str
    mail: str
    phone: str
    outcome: str = "completed"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Interview:
    time: int
    stage: str
    interviewer: int
    rating: str
    camera_on: bool
    medium: str = "video"
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """An identity or background check as its provider reports it."""

    time: int
    activity: str
    outcome: str
    detail: str = ""
    document_kind: str = ""
    document_number: str = ""
    document_region: str = ""
    document_template: str = ""
    liveness: str = ""
    virtual_camera: bool = False
    attempts: int = 0
    ip: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Resume:
    time: int
    text: str
    author: str
    producer: str
    created: int


@dataclass(frozen=True, slots=True)
class Application:
    candidate: int
    person: int  # the same number for one real person's applications
    name: str
    given: str
    family: str
    mails: tuple[str, ...]
    phone: str
    address: Address
    social: tuple[str, ...]
    job: str
    team: str
    applied: int
    source: str
    ended: str  # hired | rejected | active
    ended_at: int | None
    resume: Resume
    interviews: tuple[Interview, ...] = ()
    references: tuple[Reference, ...] = ()
    checks: tuple[Check, ...] = ()
    offered: int | None = None
    accepted: int | None = None
    starts: int | None = None
    referred_by: int | None = None
    worker: int | None = None
    part: str = ""


@dataclass(slots=True)
class Diary:
    """Everything that happened, by kind; filled by the chorus and by the players."""

    signins: list[SignIn] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    plugged: list[Plugged] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    files: list[FileAct] = field(default_factory=list)
    data: list[DataAct] = field(default_factory=list)
    google: list[GoogleLogin] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    pay: list[PayAccount] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    attestations: list[Attestation] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
