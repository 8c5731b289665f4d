"""A synthetic company that writes its vendors' exports, with the truth about everybody in it.

`simulate` invents people, their homes, machines and working days, plays the published schemes and honest
lives that look like them, and writes what the company's vendors would have exported, and `truth.json`. It
models people and machines and knows nothing of indicators. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from pickglass.errors import InputError
from pickglass.simulate import casting, hiring, life, lookalikes, ordinary, schemes
from pickglass.simulate.acts import Application, Diary
from pickglass.simulate.exports import Exports
from pickglass.simulate.tables import table
from pickglass.simulate.truth import truth
from pickglass.simulate.vendors import (
    carriers,
    defender,
    entra,
    generic,
    github,
    google,
    greenhouse,
    intune,
    mail,
    okta,
    workday,
    zoom,
)
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.people import PhoneBook
from pickglass.simulate.world.places import Land

__all__ = ["Summary", "export", "simulate"]

FEWEST_WORKERS, FEWEST_DAYS = 40, 60


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: records by file, and how many people of which kind."""

    out: str
    seed: int
    workers: int
    applications: int
    planted: int
    lookalikes: int
    events: int
    records: dict[str, int]  # by path below `out`


FOLDERS = (
    "recruiting",
    "hr",
    "payroll",
    "shipping",
    "identity",
    "devices",
    "meetings",
    "code",
    "collaboration",
    "mail",
    "checks",
    "service",
    "people",
    "intelligence",
)


def _clear(out: Path) -> None:
    """Make room: an earlier company of ours is replaced, anything else is left alone and refused."""
    if not out.exists() or not any(out.iterdir()):
        return
    if not (out / "truth.json").exists():
        raise InputError(
            f"{out} is not empty", hint="give a new folder: other files would be mixed in", where=str(out)
        )
    for folder in FOLDERS:
        shutil.rmtree(out / folder, ignore_errors=True)


def simulate(
    out: Path, workers: int = 300, applicants: int | None = None, days: int = 240, seed: int = 7
) -> Summary:
    """Write the exports of an invented company into the folder `out`, and `truth.json` beside them."""
    if workers < FEWEST_WORKERS or days < FEWEST_DAYS:
        raise InputError(
            f"a company of {workers} workers and {days} days is too small for every case to happen",
            hint=f"use at least {FEWEST_WORKERS} workers and {FEWEST_DAYS} days",
        )
    _clear(out)
    world = casting.World(seed, Land(seed), PhoneBook(seed))
    company = casting.cast(world, workers, days, table("parts"))
    company, plot = schemes.prepare(world, company)
    company = lookalikes.prepare(world, company)
    applications = hiring.apply(world, company, 6 * workers if applicants is None else applicants)
    applications = schemes.enrol(company, applications)
    applications = lookalikes.enrol(company, applications)
    diary = Diary()
    life.live(company, diary)
    ordinary.happen(world, company, diary)
    schemes.perform(world, company, plot, applications, diary)
    lookalikes.perform(world, company, diary)
    exports = export(company, applications, diary, out)
    known = truth(company, applications)
    text = json.dumps(known, ensure_ascii=False, indent=1) + "\n"
    (out / "truth.json").write_bytes(text.encode())
    parts = table("parts").values()
    planted = sum(one["hypothesis"] != "ordinary" for one in known["subjects"])
    lookalike = sum("lookalike" in part for part in parts)
    events = sum(exports.counts.values())
    return Summary(str(out), seed, workers, len(applications), planted, lookalike, events, exports.counts)


def export(company: Company, applications: dict[int, Application], diary: Diary, out: Path) -> Exports:
    """Write what every vendor of the company would have exported."""
    exports = Exports(out)
    greenhouse.write(company, applications, exports)
    workday.write(company, diary, exports)
    carriers.write(company, diary, exports)
    okta.write(company, diary, exports)
    entra.write(company, diary, exports)
    defender.write(company, diary, exports)
    intune.write(company, exports)
    zoom.write(company, diary, exports)
    github.write(company, diary, exports)
    google.write(company, diary, exports)
    mail.write(company, diary, exports)
    generic.write(company, applications, diary, exports)
    return exports
