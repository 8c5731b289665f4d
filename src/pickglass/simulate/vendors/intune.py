"""Intune's managed devices every 30 days: devices/intune_managed_devices_<date>.json, the last as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pickglass.simulate.clock import DAY, date_text, iso
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company, Worker
from pickglass.simulate.world.machines import Machine

_HEAD = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#deviceManagement/managedDevices"}
_CSV = (
    "Device ID",
    "Device name",
    "Enrollment date",
    "Last check-in",
    "Azure AD Device ID",
    "OS version",
    "Serial number",
    "Manufacturer",
    "Model",
    "Wi-Fi MAC",
    "Primary user UPN",
    "Primary user email address",
    "Primary user display name",
    "Compliance",
    "Managed by",
    "Ownership",
    "Device state",
    "OS",
    "EthernetMAC",
)


def write(company: Company, exports: Exports) -> None:
    days = list(range(company.last, company.first, -30))[::-1]
    for day in days[:-1]:
        records = [_json(one) for one in _held(company, day)]
        exports.page(
            f"devices/intune_managed_devices_{date_text(day)}.json",
            {**_HEAD, "@odata.count": len(records)},
            "value",
            records,
        )
    day = days[-1]
    rows = [tuple(one[key] for key in _CSV) for one in map(_csv, _held(company, day))]
    exports.csv(f"devices/intune_managed_devices_{date_text(day)}.csv", _CSV, rows)


def _held(company: Company, day: int) -> Iterator[tuple[Worker, Machine, int, int]]:
    """Every machine in somebody's hands on a day, with when it was enrolled and last heard of."""
    for worker in company.workers:
        machine = worker.machine(day)
        if worker.hired > day or (worker.left is not None and worker.left < day - 20):
            continue
        first = max(one for one, _ in worker.machines if one <= day)
        draw = Draw(company.seed, "check-ins", worker.dice, day)
        begin = worker.home(first).address.place.time(first, worker.habits.blocks[0][0]) + draw.between(
            60, 600
        )
        last = day if worker.left is None else min(day, worker.left)
        heard = last * DAY + draw.between(0, 20) * 3600 + draw.below(3600)
        if draw.chance(60) and last - 12 > first:
            heard -= draw.between(2, 12) * DAY
        yield worker, machine, begin, max(heard, begin + 3600)


def _json(held: tuple[Worker, Machine, int, int]) -> dict[str, Any]:
    worker, machine, enrolled, heard = held
    key = machine.device_id
    return {
        "id": "-".join((key[:8], key[8:12], f"4{key[12:15]}", f"a{key[15:18]}", key[18:30])),
        "userId": None,
        "deviceName": machine.name,
        "managedDeviceOwnerType": "company",
        "enrolledDateTime": iso(enrolled),
        "lastSyncDateTime": iso(heard),
        "operatingSystem": machine.system,
        "complianceState": "compliant",
        "jailBroken": "Unknown",
        "managementAgent": "mdm",
        "osVersion": machine.version,
        "azureADRegistered": True,
        "deviceEnrollmentType": "windowsAzureADJoin",
        "emailAddress": worker.mail,
        "azureADDeviceId": machine.directory_id,
        "deviceRegistrationState": "registered",
        "isSupervised": False,
        "isEncrypted": True,
        "userPrincipalName": worker.mail,
        "model": machine.model,
        "manufacturer": machine.maker,
        "imei": "",
        "serialNumber": machine.serial,
        "userDisplayName": worker.person.name.full,
        "wiFiMacAddress": machine.wifi_mac,
        "ethernetMacAddress": machine.ethernet_mac,
        "partnerReportedThreatState": "unknown",
        "notes": None,
    }


def _csv(held: tuple[Worker, Machine, int, int]) -> dict[str, str]:
    one = _json(held)

    def clock(text: str) -> str:
        return text.replace("T", " ").replace("Z", ".0000000")

    return {
        "Device ID": one["id"],
        "Device name": one["deviceName"],
        "Enrollment date": clock(one["enrolledDateTime"]),
        "Last check-in": clock(one["lastSyncDateTime"]),
        "Azure AD Device ID": one["azureADDeviceId"],
        "OS version": one["osVersion"],
        "Serial number": one["serialNumber"],
        "Manufacturer": one["manufacturer"],
        "Model": one["model"],
        "Wi-Fi MAC": one["wiFiMacAddress"],
        "Primary user UPN": one["userPrincipalName"],
        "Primary user email address": one["emailAddress"],
        "Primary user display name": one["userDisplayName"],
        "Compliance": "Compliant",
        "Managed by": "Intune",
        "Ownership": "Corporate",
        "Device state": "Managed",
        "OS": one["operatingSystem"],
        "EthernetMAC": one["ethernetMacAddress"],
    }
