"""Google Workspace reports: collaboration/google_workspace_login.json and …_drive_<quarter>.json."""



from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import DataAct, Diary, GoogleLogin
from pickglass.simulate.clock import iso_fraction, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.places import Network

_HEAD = {"kind": "admin#reports#activities"}


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "google")
    logins = sorted(diary.google, key=lambda act: (act.time, act.worker))
    exports.page(
        "collaboration/google_workspace_login.json",
        _HEAD,
        "items",
        (_login(company, draw, act) for act in logins),
    )
    acts = sorted(
        (act for act in diary.data if act.service == "drive"),
        key=lambda act: (act.time, act.worker, act.resource),
    )
    for period, entries in groupby(acts, key=lambda act: quarter(act.time)):
        exports.page(
            f"collaboration/google_workspace_drive_{period}.json",
            _HEAD,
            "items",
            _drive(company, draw, entries),
        )


def _activity(
    company: Company, draw: Draw, time: int, application: str, worker: int, network: Network
) -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": iso_fraction(time, draw.below(1000)),
            "uniqueQualifier": str(-draw.between(10**17, 9 * 10**17)),
            "applicationName": application,
            "customerId": "C0tern0tide",
        },
        "actor": {"email": company.workers[worker].mail, "profileId": f"1121847{worker:014}"},
        "ipAddress": network.ip,
        "networkInfo": {"ipAsn": [network.asn], "regionCode": network.place.country},
    }


def _login(company: Company, draw: Draw, act: GoogleLogin) -> dict[str, Any]:
    one = _activity(company, draw, act.time, "login", act.worker, act.network)
    parameters: list[dict[str, Any]] = [{"name": "login_type", "value": "saml"}]
    parameters.append(
        {"name": "is_suspicious", "boolValue": False}
        if act.ok
        else {"name": "login_failure_type", "value": "login_failure_invalid_password"}
    )
    one["events"] = [
        {"type": "login", "name": "login_success" if act.ok else "login_failure", "parameters": parameters}
    ]
    return one


def _drive(company: Company, draw: Draw, acts: Iterable[DataAct]) -> Iterator[dict[str, Any]]:
    for act in acts:
        one = _activity(company, draw, act.time, "drive", act.worker, act.network)
        parameters: list[dict[str, Any]] = [
            {"name": "primary_event", "boolValue": True},
            {"name": "doc_id", "value": act.resource},
            {"name": "doc_type", "value": "document"},
            {"name": "doc_title", "value": act.name},
            {"name": "visibility", "value": "shared_externally" if act.target else "private"},
            {"name": "owner", "value": act.owner},
        ]
        name, kind = act.action, "access"
        if act.action == "share":
            name, kind = "change_user_access", "acl_change"
            target = act.target or company.workers[(act.worker * 7 + 3) % len(company.workers)].mail
            parameters += [
                {"name": "visibility_change", "value": "external" if act.target else "none"},
                {"name": "target_user", "value": target},
                {"name": "old_value", "multiValue": ["none"]},
                {"name": "new_value", "multiValue": ["can_view"]},
            ]
        one["events"] = [{"type": kind, "name": name, "parameters": parameters}]
        yield one
