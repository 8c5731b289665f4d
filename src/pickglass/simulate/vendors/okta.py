"""Okta System Log: identity/okta_system_log_<quarter>.ndjson, the oldest as .gz."""



from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import Diary, SignIn
from pickglass.simulate.clock import DAY, date_text, iso_fraction, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company, Worker
from pickglass.simulate.world.machines import Machine, browser
from pickglass.simulate.world.places import Network

_KINDS = {
    "session": ("user.session.start", "User login to Okta", "core.user_auth.login_success"),
    "sso": ("user.authentication.sso", "User single sign on to app", "core.user_auth.sso"),
    "mfa": (
        "user.authentication.auth_via_mfa",
        "Authentication of user via MFA",
        "core.user.factor.attempt_success",
    ),
    "enrol": ("user.mfa.factor.activate", "Enroll factor for user", "core.user.factor.activate"),
    "reset": ("user.mfa.factor.reset_all", "Reset all factors for user", "core.user.factor.reset_all"),
    "token": ("app.oauth2.token.grant.refresh_token", "OAuth2 refresh token is granted", ""),
}


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "okta")
    ids = [f"00u{draw.letters(17, 'abcdefghjkmnpqrstuvwxyz0123456789')}" for _ in company.workers]
    acts = sorted(
        (act for act in diary.signins if act.provider == "okta"),
        key=lambda act: (act.time, act.worker, act.kind),
    )
    periods = groupby(acts, key=lambda act: quarter(act.time))
    for number, (period, entries) in enumerate(periods):
        name = f"identity/okta_system_log_{period}.ndjson" + (".gz" if number == 0 else "")
        exports.ndjson(name, _events(company, draw, ids, entries))


def _events(company: Company, draw: Draw, ids: list[str], acts: Iterator[SignIn]) -> Iterator[dict[str, Any]]:
    for act in acts:
        worker = company.workers[act.worker]
        yield event(draw, act, worker, ids[act.worker], act.network, act.machine, act.kind)
        phone = act.authenticator_network
        if act.kind == "mfa" and phone is not None and phone.ip != act.network.ip:
            # The push is answered on the phone, wherever that is.
            answer = act._replace(time=act.time + 4, network=phone, machine=worker.phone)
            yield event(draw, answer, worker, ids[act.worker], phone, worker.phone, "verify")


def event(
    draw: Draw, act: SignIn, worker: Worker, user: str, network: Network, machine: Machine, kind: str
) -> dict[str, Any]:
    month = int(date_text(act.time // DAY)[5:7])
    name, agent = browser(machine, month)
    event_type, message, legacy = _KINDS.get(kind, ("", "", ""))
    if kind == "verify":
        event_type, message, legacy = "user.mfa.okta_verify", "Verify user with Okta Verify", ""
    person = {
        "id": user,
        "type": "User",
        "alternateId": worker.mail,
        "displayName": worker.person.name.full,
        "detailEntry": None,
    }
    place = network.place
    geography = {
        "city": place.city,
        "state": place.region_name,
        "country": place.country_name,
        "postalCode": None,
        "geolocation": {"lat": place.latitude, "lon": place.longitude},
    }
    request = draw.hexadecimal(16)
    debug: dict[str, Any] = {
        "requestId": f"aRq{request}",
        "url": "/idp/idx/identify?",
    }
    if network.operator:
        debug["tunnels"] = json.dumps(
            [{"anonymous": True, "operator": network.operator, "type": "VPN"}], separators=(",", ":")
        )
    if kind in {"mfa", "verify"}:
        debug["factor"] = "OKTA_VERIFY_PUSH"
    system = {"Windows": "Windows 10", "macOS": "Mac OS X", "iOS": "iOS", "Android": "Android"}[
        machine.system
    ]
    os_platform = {"Windows": "WINDOWS", "macOS": "MACOS", "iOS": "IOS", "Android": "ANDROID"}[machine.system]
    device = None
    if machine.managed:
        device = {
            "id": f"guo{machine.device_id[:17]}",
            "name": machine.name,
            "os_platform": os_platform,
            "os_version": machine.version,
            "managed": True,
            "registered": True,
        }
    return {
        "actor": person,
        "client": {
            "userAgent": {"rawUserAgent": agent, "os": system, "browser": name.upper()},
            "zone": "null",
            "device": "Mobile" if machine.system in {"iOS", "Android"} else "Computer",
            "id": None,
            "ipAddress": network.ip,
            "geographicalContext": geography,
        },
        "device": device,
        "authenticationContext": {"authenticationStep": 0, "externalSessionId": act.session or "unknown"},
        "displayMessage": message,
        "eventType": event_type,
        "outcome": {"result": "SUCCESS" if act.ok else "FAILURE", "reason": act.detail or None},
        "published": iso_fraction(act.time, draw.below(1000)),
        "securityContext": {
            "asNumber": network.asn,
            "asOrg": network.as_org.lower(),
            "isp": network.as_org.lower(),
            "domain": None,
            "isProxy": bool(network.operator),
        },
        "severity": "INFO" if act.ok else "WARN",
        "debugContext": {"debugData": debug},
        "legacyEventType": legacy or None,
        "transaction": {"type": "WEB", "id": f"aTx{request[:9]}", "detail": {}},
        "uuid": draw.guid(),
        "version": "0",
        "target": _targets(act, kind, person),
    }


def _targets(act: SignIn, kind: str, person: dict[str, Any]) -> list[dict[str, Any]] | None:
    if kind in {"mfa", "enrol", "verify"}:
        return [
            person,
            {
                "id": act.authenticator,
                "type": "AuthenticatorEnrollment",
                "alternateId": "unknown",
                "displayName": "Okta Verify",
                "detailEntry": None,
            },
        ]
    if kind == "reset":
        return [person]
    if act.app:
        return [
            {
                "id": f"0oa{sum(map(ord, act.app)):017}",
                "type": "AppInstance",
                "alternateId": act.app,
                "displayName": act.app,
                "detailEntry": {"signOnModeType": "SAML_2_0"},
            }
        ]
    return None
