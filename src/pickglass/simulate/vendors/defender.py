"""Microsoft Defender advanced hunting: process, device, file and network events, as its query API gives them.

A query returns a limited number of rows, so there is a file per quarter; one quarter of device events has the
form of the streaming API.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Protocol, TypeVar

from pickglass.simulate.acts import Connection, Diary, FileAct, Plugged, Process
from pickglass.simulate.clock import iso_fraction, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.tables import table
from pickglass.simulate.world.company import Company, Worker
from pickglass.simulate.world.machines import Machine

_CLASSES = {
    "Keyboard": "{4d36e96b-e325-11ce-bfc1-08002be10318}",
    "Mouse": "{4d36e96f-e325-11ce-bfc1-08002be10318}",
    "USB": "{36fc9e60-c465-11cf-8056-444553540000}",
    "Camera": "{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}",
    "DiskDrive": "{4d36e967-e325-11ce-bfc1-08002be10318}",
    "Net": "{4d36e972-e325-11ce-bfc1-08002be10318}",
    "Media": "{4d36e96c-e325-11ce-bfc1-08002be10318}",
    "WPD": "{eec5ad98-8080-425f-922a-dabf3de3f69a}",
}


class Timed(Protocol):
    @property
    def time(self) -> int: ...
    @property
    def worker(self) -> int: ...
    @property
    def machine(self) -> Machine: ...


T = TypeVar("T", bound=Timed)


def write(company: Company, diary: Diary, exports: Exports) -> None:
    _periods(company, exports, "process_events", diary.processes, _process)
    _periods(company, exports, "device_events", diary.plugged, _plugged)
    _periods(company, exports, "file_events", diary.files, _file)
    _periods(company, exports, "network_events", diary.connections, _connection)


def _periods(
    company: Company,
    exports: Exports,
    name: str,
    acts: Sequence[T],
    record: Callable[[Draw, Worker, T], dict[str, Any]],
) -> None:
    draw = Draw(company.seed, "defender", name)
    ordered = sorted(acts, key=lambda act: (act.time, act.worker))
    head = {"Stats": {"ExecutionTime": 4.621}, "Schema": [{"Name": "Timestamp", "Type": "DateTime"}]}
    for number, (period, entries) in enumerate(groupby(ordered, key=lambda act: quarter(act.time))):
        rows = _rows(company, draw, entries, record)
        path = f"devices/defender_device_{name}_{period}"
        if name == "device_events" and number == 1:
            exports.ndjson(f"{path}.ndjson", (_streamed(row) for row in rows))
        else:
            exports.page(f"{path}.json", head, "Results", rows)


def _rows(
    company: Company, draw: Draw, acts: Iterable[T], record: Callable[[Draw, Worker, T], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for report, act in enumerate(acts, 1000):
        worker = company.workers[act.worker]
        yield {
            "Timestamp": f"{iso_fraction(act.time, draw.below(10_000_000), 7)}",
            "DeviceId": act.machine.device_id,
            "DeviceName": act.machine.name.lower(),
            "ReportId": report,
            **record(draw, worker, act),
        }


def _streamed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "time": row["Timestamp"],
        "tenantId": "0f3c2f5e-7a1b-4c0d-a9e8-00005eed0001",
        "operationName": "Publish",
        "category": "AdvancedHunting-DeviceEvents",
        "_TimeReceivedBySvc": row["Timestamp"],
        "properties": {**row, "MachineGroup": None},
        "Tenant": "DefaultTenant",
    }


def _program(worker: Worker, machine: Machine, program: str) -> tuple[str, str, dict[str, Any]]:
    facts = table("software")["programs"][program]
    user = worker.mail.split("@")[0]
    if machine.system == "macOS":
        name = facts["mac"]
        folder = "/usr/bin/" if name.islower() else f"/Applications/{name}.app/Contents/MacOS/"
        return name, folder + name, facts
    folder = facts["folder"].replace("{user}", user)
    return facts["name"], f"{folder}\\{facts['name']}", facts


def _process(draw: Draw, worker: Worker, act: Process) -> dict[str, Any]:
    name, path, facts = _program(worker, act.machine, act.program)
    parent = act.parent or ("launchd" if act.machine.system == "macOS" else "explorer.exe")
    user = worker.mail.split("@")[0]
    return {
        "ActionType": "ProcessCreated",
        "FileName": name,
        "FolderPath": path,
        "ProcessVersionInfoCompanyName": facts["company"],
        "ProcessVersionInfoProductName": facts["product"],
        "ProcessVersionInfoOriginalFileName": facts["name"],
        "ProcessId": draw.between(1000, 60_000),
        "ProcessCommandLine": f'"{path}" {act.arguments}'.strip(),
        "AccountDomain": "ttfs",
        "AccountName": user,
        "AccountUpn": worker.mail,
        "InitiatingProcessFileName": parent,
        "InitiatingProcessAccountUpn": worker.mail,
    }


def _plugged(_draw: Draw, _worker: Worker, act: Plugged) -> dict[str, Any]:
    thing = table("software")["gadgets"][act.thing]
    ids = f"VID_{thing['vid']}&PID_{thing['pid']}"
    bus = "HID" if thing["class"] in {"Keyboard", "Mouse"} else "USB"
    instance = (
        act.port
        if "&" in act.port or thing.get("serial") or thing["class"] == "DiskDrive"
        else f"7&{act.port}&0&0000"
    )
    fields = {
        "ClassId": _CLASSES[thing["class"]],
        "ClassName": thing["class"],
        "DeviceDescription": thing["description"],
        "DeviceId": f"{bus}\\{ids}\\{instance}",
        "Manufacturer": thing["maker"],
        "VendorIds": f"{bus}\\{ids}&REV_0100;{bus}\\{ids}",
    }
    return {
        "ActionType": "PnpDeviceConnected",
        "RegistryValueData": None,
        "AccountUpn": None,
        "InitiatingProcessAccountUpn": None,
        "AdditionalFields": json.dumps(fields, separators=(",", ":")),
    }


def _file(draw: Draw, worker: Worker, act: FileAct) -> dict[str, Any]:
    user = worker.mail.split("@")[0]
    mac = act.machine.system == "macOS"
    if act.folder == "E:":
        path = f"/Volumes/USB/{act.name}" if mac else f"E:\\{act.name}"
    else:
        folder = act.folder.replace("\\", "/") if mac else act.folder
        path = f"/Users/{user}/{folder}/{act.name}" if mac else f"C:\\Users\\{user}\\{folder}\\{act.name}"
    process, image, _ = _program(worker, act.machine, act.program)
    extra = {"FileType": "Unknown"} | ({"DriveType": "Removable"} if act.folder == "E:" else {})
    return {
        "ActionType": act.action,
        "FileName": act.name,
        "FolderPath": path,
        "SHA256": draw.hexadecimal(64),
        "FileSize": act.size,
        "PreviousFileName": None,
        "RequestProtocol": "Local",
        "InitiatingProcessFileName": process,
        "InitiatingProcessFolderPath": image.lower(),
        "InitiatingProcessAccountUpn": worker.mail,
        "AdditionalFields": json.dumps(extra, separators=(",", ":")),
    }


def _connection(draw: Draw, worker: Worker, act: Connection) -> dict[str, Any]:
    process, image, _ = _program(worker, act.machine, act.program)
    return {
        "ActionType": "ConnectionSuccess",
        "RemoteIP": act.ip,
        "RemotePort": act.port,
        "RemoteUrl": act.host,
        "LocalIP": f"192.168.{act.worker % 5}.{20 + act.worker % 200}",
        "LocalPort": draw.between(49_200, 65_000),
        "Protocol": "Tcp",
        "LocalIPType": "Private",
        "RemoteIPType": "Public",
        "InitiatingProcessFileName": process,
        "InitiatingProcessFolderPath": image.lower(),
        "InitiatingProcessAccountUpn": worker.mail,
        "AdditionalFields": None,
    }
