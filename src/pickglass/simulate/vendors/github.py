"""GitHub's audit log with Git events: code/github_audit_<quarter>.ndjson."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import DataAct, Diary
from pickglass.simulate.clock import DAY, date_text, quarter
from pickglass.simulate.draws import Draw
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.machines import browser


def write(company: Company, diary: Diary, exports: Exports) -> None:
    draw = Draw(company.seed, "github")
    acts = sorted(
        (act for act in diary.data if act.service == "github"),
        key=lambda act: (act.time, act.worker, act.resource),
    )
    for period, entries in groupby(acts, key=lambda act: quarter(act.time)):
        exports.ndjson(f"code/github_audit_{period}.ndjson", _records(company, draw, entries))


def _records(company: Company, draw: Draw, acts: Iterable[DataAct]) -> Iterator[dict[str, Any]]:
    for act in acts:
        worker = company.workers[act.worker]
        git = act.action in {"clone", "fetch", "push"}
        record: dict[str, Any] = {
            "@timestamp": act.time * 1000 + draw.below(1000),
            "_document_id": f"gh{draw.letters(20)}",
            "action": f"git.{act.action}" if git else "repo.download_zip",
            "actor": worker.login,
            "actor_id": 9_000_000 + act.worker,
            "actor_ip": act.network.ip,
            "actor_location": {"country_code": act.network.place.country},
            "actor_is_bot": False,
            "business": company.github,
            "business_id": 4242,
            "external_identity_nameid": worker.mail,
            "external_identity_username": None,
            "org": company.github,
            "org_id": 777_001,
            "repo": f"{company.github}/{act.name}",
            "user_agent": "git/2.50.1"
            if git
            else browser(act.machine, int(date_text(act.time // DAY)[5:7]))[1],
        }
        if git:
            record |= {
                "repository": record["repo"],
                "repository_public": False,
                "transport_protocol": 1,
                "transport_protocol_name": "http",
                "user": "",
                "user_id": 0,
            }
        else:
            record |= {
                "created_at": record["@timestamp"],
                "operation_type": "access",
                "public_repo": False,
                "visibility": "private",
            }
        yield record
