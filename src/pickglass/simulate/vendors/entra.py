"""Microsoft Entra sign-ins, as pages of Graph: identity/entra_signins_<quarter>.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import Diary, SignIn
from pickglass.simulate.clock import DAY, date_text, iso, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.machines import browser

TENANT = "0f3c2f5e-7a1b-4c0d-a9e8-00005eed0001"
_SYSTEMS = {"Windows": "Windows10", "macOS": "MacOs", "iOS": "Ios 18", "Android": "Android"}


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "entra")
    users = [draw.guid() for _ in company.workers]
    acts = sorted(
        (act for act in diary.signins if act.provider == "entra"),
        key=lambda act: (act.time, act.worker, act.kind),
    )
    head = {"@odata.context": "https://graph.microsoft.com/beta/$metadata#auditLogs/signIns"}
    for period, entries in groupby(acts, key=lambda act: quarter(act.time)):
        exports.page(
            f"identity/entra_signins_{period}.json", head, "value", _records(company, draw, users, entries)
        )


def _records(
    company: Company, draw: Draw, users: list[str], acts: Iterable[SignIn]
) -> Iterator[dict[str, Any]]:
    for act in acts:
        worker, machine, network = company.workers[act.worker], act.machine, act.network
        name, agent = browser(machine, int(date_text(act.time // DAY)[5:7]))
        place = network.place
        token = act.kind == "token"
        yield {
            "id": draw.guid(),
            "createdDateTime": iso(act.time),
            "userDisplayName": worker.person.name.full,
            "userPrincipalName": worker.mail,
            "userId": users[act.worker],
            "appDisplayName": act.app,
            "ipAddress": network.ip,
            "clientAppUsed": "Mobile Apps and Desktop clients" if token else "Browser",
            "userAgent": agent,
            "correlationId": draw.guid(),
            "conditionalAccessStatus": "success",
            "isInteractive": not token,
            "riskLevelDuringSignIn": "none",
            "riskState": "none",
            "riskEventTypes_v2": [],
            "resourceDisplayName": act.app,
            "authenticationRequirement": "singleFactorAuthentication",
            "signInEventTypes": ["nonInteractiveUser" if token else "interactiveUser"],
            "userType": "member",
            "autonomousSystemNumber": network.asn,
            "sessionId": act.session or None,
            "status": {
                "errorCode": 0 if act.ok else 50126,
                "failureReason": "Other." if act.ok else act.detail,
                "additionalDetails": None,
            },
            "deviceDetail": {
                "deviceId": machine.directory_id if machine.managed else "",
                "displayName": machine.name if machine.managed else "",
                "operatingSystem": _SYSTEMS[machine.system],
                "browser": name,
                "isCompliant": machine.managed,
                "isManaged": machine.managed,
                "trustType": "Azure AD joined" if machine.managed else "",
            },
            "location": {
                "city": place.city,
                "state": place.region_name,
                "countryOrRegion": place.country,
                "geoCoordinates": {
                    "altitude": None,
                    "latitude": place.latitude,
                    "longitude": place.longitude,
                },
            },
            "appliedConditionalAccessPolicies": [],
            "authenticationDetails": [],
            "mfaDetail": None,
        }
