"""Zoom: a page of participants with their quality of service per meeting, one page a line: meetings/."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import Diary, Join
from pickglass.simulate.clock import iso, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company

_DEVICES = {"Windows": "Windows", "macOS": "Mac", "iOS": "iOS", "Android": "Android"}
_MEASURED = 20  # minutes of a long meeting that the export samples


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "zoom")
    starts: dict[str, int] = {}
    for act in diary.joins:
        starts[act.meeting] = min(act.time, starts.get(act.meeting, act.time))
    acts = sorted(diary.joins, key=lambda act: (starts[act.meeting], act.meeting, act.time, act.worker))
    pages = [list(joins) for _, joins in groupby(acts, key=lambda act: act.meeting)]
    for period, entries in groupby(pages, key=lambda page: quarter(page[0].time)):
        exports.ndjson(
            f"meetings/zoom_participants_qos_{period}.ndjson",
            (_page(company, draw, page) for page in entries),
        )


def _page(company: Company, draw: Draw, joins: list[Join]) -> dict[str, Any]:
    return {
        "meeting_uuid": joins[0].meeting,
        "page_count": 1,
        "page_size": 300,
        "total_records": len(joins),
        "next_page_token": "",
        "participants": [_participant(company, draw, act) for act in joins],
    }


def _participant(company: Company, draw: Draw, act: Join) -> dict[str, Any]:
    worker = company.workers[act.worker]
    place = act.network.place
    name = worker.shown or worker.person.name.full
    return {
        "user_id": str(16_000_000 + act.worker),
        "id": f"zm{act.worker:06}",
        "user_name": name,
        "email": worker.mail,
        "device": _DEVICES[act.machine.system],
        "ip_address": act.network.ip,
        "location": f"{place.city} ( {place.country} )",
        "join_time": iso(act.time),
        "leave_time": iso(act.time + act.minutes * 60),
        "pc_name": act.machine.name,
        "domain": "",
        "mac_addr": "",
        "version": "6.6.5.8312",
        "network_type": "Wired" if act.wired else "Wifi",
        "microphone": act.devices.microphone,
        "speaker": act.devices.speaker,
        "camera": act.devices.camera,
        "connection_type": "UDP",
        "role": "attendee",
        "user_qos": list(_minutes(draw, act)),
    }


def _minutes(draw: Draw, act: Join) -> Iterator[dict[str, Any]]:
    for minute in range(min(act.minutes, _MEASURED) if not act.share else act.minutes // 6):
        entry: dict[str, Any] = {"date_time": iso(act.time + 60 * minute)}
        on = minute < act.video
        entry["video_input"] = {
            "bitrate": f"{draw.between(400, 1200)} kbps" if on else "",
            "latency": f"{max(1, act.latency + draw.between(-6, 6))} ms" if on else "",
        }
        if act.share:
            entry["as_input"] = {"bitrate": "70 kbps" if minute < act.share else ""}
        yield entry
