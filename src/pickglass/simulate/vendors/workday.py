"""Workday: the full roster every two weeks (hr/), and the payment elections (payroll/)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pickglass.simulate.acts import Diary, PayAccount
from pickglass.simulate.clock import date_text, iso_fraction
from pickglass.simulate.exports import Exports
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company, Worker

LEAVE = 28  # days away that a roster calls leave and no holiday

_COLUMNS = (
    "As_of_Date",
    "Roster_Scope",
    "Worker_Type",
    "Employee_ID",
    "Applicant_Account",
    "Legal_Name",
    "Worker_Status",
    "Email_Work",
    "User_Name",
    "Email_Home",
    "Phone_Home",
    "Address_Line_1",
    "Address_Line_2",
    "City",
    "State",
    "Postal_Code",
    "Country",
    "Work_City",
    "Work_State",
    "Work_Country",
    "Work_Time_Zone",
    "Remote",
    "Department",
    "Business_Title",
    "Manager_ID",
    "Agency",
    "Hire_Date",
    "Termination_Date",
    "Date_of_Birth",
)


def write(company: Company, diary: Diary, exports: Exports) -> None:
    days = list(range(company.last, company.first - 1, -14))[::-1]
    for number, day in enumerate(days):
        rows = list(_roster(company, day))
        if number == len(days) - 2:  # one of them was taken as CSV
            exports.csv(
                f"hr/workday_workers_{date_text(day)}.csv",
                _COLUMNS,
                [tuple(row.get(key) for key in _COLUMNS) for row in rows],
            )
        else:
            exports.page(f"hr/workday_workers_{date_text(day)}.json", {}, "Report_Entry", rows)
    exports.page("payroll/workday_payment_elections.json", {}, "Report_Entry", _elections(company, diary))


def _roster(company: Company, day: int) -> Iterator[dict[str, Any]]:
    for worker in company.workers:
        if worker.hired > day + 14 or (worker.left is not None and worker.left < day - 90):
            continue
        home = worker.told_home(day).address
        desk = home.place if worker.remote else worker.office.place
        gone = worker.left is not None and worker.left <= day
        row: dict[str, Any] = {
            "As_of_Date": date_text(day),
            "Roster_Scope": "All",
            "Worker_Type": "Employee" if worker.kind == "employee" else "Contingent Worker",
            "Employee_ID": worker.employee,
            "Applicant_Account": f"greenhouse:{worker.candidate}" if worker.candidate else None,
            "Legal_Name": worker.name(day).full,
            "Worker_Status": "Terminated" if gone else "On Leave" if _on_leave(worker, day) else "Active",
            "Email_Work": worker.mail,
            "User_Name": worker.mail,
            "Email_Home": worker.person.mail,
            "Phone_Home": worker.person.phone,
            "Address_Line_1": home.line,
            "Address_Line_2": home.unit or None,
            "City": home.place.city,
            "State": home.place.region_name,
            "Postal_Code": home.postal,
            "Country": home.place.country_name,
            "Work_City": desk.city,
            "Work_State": desk.region_name,
            "Work_Country": desk.country_name,
            "Work_Time_Zone": desk.zone,
            "Remote": "1" if worker.remote else "0",
            "Department": worker.team.name,
            "Business_Title": worker.role,
            "Manager_ID": company.workers[worker.manager].employee,
            "Agency": worker.agency or None,
            "Hire_Date": date_text(worker.hired),
            "Termination_Date": date_text(worker.left or 0) if gone else None,
            "Date_of_Birth": date_text(worker.person.birth),
            **worker.person.private,
        }
        yield {key: value for key, value in row.items() if value is not None}


def _on_leave(worker: Worker, day: int) -> bool:
    return any(
        trip.away and trip.last - trip.first >= LEAVE and trip.first <= day <= trip.last
        for trip in worker.trips
    )


def _elections(company: Company, diary: Diary) -> Iterator[dict[str, Any]]:
    seen: set[int] = set()
    for act in sorted(diary.pay, key=lambda act: (act.time, act.worker, act.number)):
        worker = company.workers[act.worker]
        country = worker.told_home(act.time // 86_400).address.place
        first = act.worker not in seen
        seen.add(act.worker)
        yield {
            "Employee_ID": worker.employee,
            "Election_Moment": iso_fraction(act.time, act.time % 997)[:-1] + "+00:00",
            "Election_Action": "Add" if first else "Change",
            "Bank_Name": act.bank,
            "Routing_Number": act.routing,
            "Account_Number": act.number,
            "Account_Type": "Checking",
            "Account_Owner_Name": act.owner,
            "Owner_Validation": _validation(act, worker),
            "Country": country.country_name,
            "Currency": table("places")["countries"][country.country]["currency"],
            "Changed_By": act.actor or worker.employee,
            "Session_ID": act.session,
            "IP_Address": act.network.ip if act.network else None,
        }


def _validation(act: PayAccount, worker: Worker) -> str:
    """What a bank answers to the question whose account this is; money institutions often answer nothing."""
    if act.kind == "money" and act.number[-1] in "01234":
        return "Not Validated"
    return "Match" if act.owner == worker.person.name.full else "Mismatch"
