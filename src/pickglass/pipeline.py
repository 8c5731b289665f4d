"""The order of the stages: load, look, ask, link, weigh. Nothing else in pickglass knows it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pickglass.errors import InputError, NotAllowed, NotFound
from pickglass.loading import LoadReport, Progress, Tell, Unrecognised, load
from pickglass.model.records import (
    Assessment,
    Evidence,
    Finding,
    Indicator,
    Link,
    RecordReference,
    Subject,
)
from pickglass.settings import Settings

if TYPE_CHECKING:
    from pickglass.lake.session import Session
    from pickglass.linking import Linked
    from pickglass.model.source import SourceDefinition
    from pickglass.score import Scorecard
    from pickglass.sources.proposal import Proposal
    from pickglass.store import Store

# What loads is a stage of its own, and named here because loading is where the order begins.
__all__ = [
    "LoadReport",
    "Progress",
    "Run",
    "Unrecognised",
    "actor",
    "add_intelligence",
    "assess",
    "attest",
    "attestations",
    "check_sources",
    "compact_lake",
    "detect",
    "erase_subject",
    "expire_intelligence",
    "expire_lake",
    "explain_indicator",
    "health",
    "hold_subject",
    "intelligence_lists",
    "lake_status",
    "load",
    "new_indicator",
    "new_source",
    "original_records",
    "run",
    "show_subject",
    "verify_lake",
    "withdraw_attestation",
]


@dataclass(frozen=True, slots=True)
class Run:
    """An assessment of everybody, most urgent first, with the links and what could not be asked.

    `documents` are case documents (see `pickglass.cases.document`), in the order of P(not ordinary); every face
    renders these same objects. `versions` says what they were made from.
    """

    as_of: datetime
    scorecard: str
    documents: tuple[Mapping[str, Any], ...]
    assessments: tuple[Assessment, ...]
    links: tuple[Link, ...]
    versions: Mapping[str, Any]
    problems: tuple[tuple[str, str], ...] = ()
    load: LoadReport | None = None
    linked: Linked | None = None  # what `links` came from, as it is kept


def detect(settings: Settings, paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Say of each file at or below `paths` (an archive holds several) what it is and why."""
    from pickglass.sources.mixture import is_mixture
    from pickglass.sources.reading import Problem, find_files, members
    from pickglass.sources.reading.member import shown
    from pickglass.sources.recognition import recognise_member
    from pickglass.sources.survey import told

    known = _definitions(settings)
    found: list[dict[str, Any]] = []
    for path in find_files(paths):
        # By their paths and not their names alone: exports in different folders often bear the same one.
        inside = [path] if isinstance(path, Problem) else members(path, digest=False, name=shown(str(path)))
        for member in inside:
            if isinstance(member, Problem):
                found.append({"file": member.name, "form": None, "source": None, "why": told(member)})
                continue
            source, why = recognise_member(member, known)
            if is_mixture(member, source, known):
                source, why = None, "holds records of several sources: a load takes each for itself"
            form = member.form
            found.append(
                {"file": member.name, "form": form, "source": source.id if source else None, "why": why}
            )
    return found


def check_sources(
    settings: Settings, ids: Sequence[str] | None = None, *, update: bool = False
) -> list[dict[str, Any]]:
    """Check sources (all, or those named) against their samples; NotFound for an unknown one.

    With `update` the rows found become the expected ones first, where nothing else is wrong.
    """
    from pickglass.sources.check import check, update_expected

    known = _definitions(settings)
    unknown = sorted(set(ids or ()) - set(known))
    if unknown:
        raise NotFound(f"there is no source {', '.join(unknown)}", hint="pickglass source list")
    chosen = [known[one] for one in (ids if ids is not None else known)]
    if update:
        for one in chosen:
            update_expected(one, known)
    checked = [check(one, known) for one in chosen]
    return [{"id": one.id, "rows": one.rows, "problems": list(one.problems)} for one in checked]


def new_source(
    settings: Settings,
    id: str,
    path: Path,
    *,
    table: str | None = None,
    vendor: str = "",
    folder: Path | None = None,
) -> tuple[Path, Proposal, list[str]]:
    """Draft a source from a sample file: returns its folder, the draft, and what a check of it finds.

    It is written to HOME/sources/<id>, or to `folder`/<id>. Raises InputError where the sample cannot be drafted from
    or something lies there already, and NotFound for an unknown table.
    """
    from pickglass.model.schema import schema
    from pickglass.sources.check import update_expected
    from pickglass.sources.definitions import read_definition
    from pickglass.sources.proposal import propose

    if not path.is_file():
        raise InputError("there is no such file", hint="check the path", where=str(path))
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,63}", id):
        raise InputError(
            f"{id!r} is no id of a source", hint="small letters, digits and _: <vendor>_<export>"
        )
    known = _definitions(settings)
    if table is not None and table not in schema().tables:
        raise NotFound(f"there is no table {table}", hint=f"one of {', '.join(schema().tables)}")
    place = (folder or settings.home / "sources") / id
    if id in known or place.exists():
        raise InputError(
            f"there is a source {id} already", hint="take another id, or remove its folder", where=str(place)
        )
    draft = propose(id, path, known, table, vendor)
    place.mkdir(parents=True)
    place.joinpath("source.yaml").write_text(draft.definition, encoding="utf-8")
    place.joinpath("README.md").write_text(draft.readme, encoding="utf-8")
    shutil.copyfile(path, place / f"sample{path.suffix}")
    definition = read_definition(place / "source.yaml")
    return place, draft, update_expected(definition, {id: definition, **known})


def explain_indicator(
    settings: Settings, id: str, reference: str | None = None, reason: str | None = None
) -> dict[str, Any]:
    """Return one indicator with the thresholds in force, what it reads and needs, its weight, and how often it fires.

    With a `reference` to a subject also why it answers about them as it does (`why`); that look is logged with its
    `reason`. Raises NotFound for an unknown indicator or subject, and where nothing has been loaded; NotAllowed where
    a manual indicator is asked about somebody without a reason.
    """
    from pickglass.indicators.catalogue import get
    from pickglass.indicators.explaining import why
    from pickglass.indicators.needs import measured, needs_of
    from pickglass.indicators.reads import reads
    from pickglass.lake.erasure import subject_of
    from pickglass.lake.reading import open_lake
    from pickglass.score import load_scorecard
    from pickglass.store import audit, open_store

    get(id, settings.home)
    scorecard = load_scorecard(settings.scorecard)
    one = _indicators(settings, scorecard)[id]
    if reference is not None and one.status == "manual" and not (reason or "").strip():
        raise NotAllowed(
            "a manual indicator is asked about somebody only with a reason",
            hint='--reason "case 12: ..."; it is logged',
            where=id,
        )
    override = settings.indicators.get(id, {})
    told: dict[str, Any] = {
        "indicator": one,
        "thresholds": {**one.parameters, **override},
        "reads": {view: sorted(columns - {"subject_id"}) for view, columns in reads(one.sql).items()},
        "needs": [sorted(needs) for needs in needs_of(id)],
        "weight": scorecard.weights.get(id),
        "scorecard": scorecard.version,
        "decisive": id in scorecard.decisive,
        "group": next((group for group in scorecard.groups if id in group.members), None),
        "fires": {
            place: {"fired": count[0], "clear": count[1], "subjects": found["subjects"]}
            for place in ("simulated", "corpus")
            if (found := measured().get(place)) and (count := found["indicators"].get(id, [0, 0]))
        },
        "why": None,
    }
    if reference is not None:
        with open_store(settings) as store, open_lake(settings, store) as session:
            subject_id = subject_of(session, reference)
            told["why"] = why(session, one, subject_id, override)
            audit.record(
                store,
                actor=actor(),
                action="indicator.explain",
                object=subject_id,
                reason=reason or "",
                details={"indicator": id},
            )
    return told


def new_indicator(settings: Settings, id: str, stage: str, folder: Path | None = None) -> Path:
    """Draft an indicator and return its YAML, which names what is still to be written; the SQL lies beside it.

    It is written to HOME/indicators/<stage>, or to `folder`/<stage>. Raises InputError where the id cannot be used or
    is taken already, and NotFound for an unknown stage.
    """
    from pickglass.indicators.catalogue import STAGES, catalogue
    from pickglass.indicators.drafting import draft

    if stage not in STAGES:
        raise NotFound(f"there is no stage {stage}", hint=f"one of {', '.join(STAGES)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", id) or len(id) > 64:
        raise InputError(
            f"{id!r} is no id of an indicator",
            hint="small letters and digits, words joined by -: net-odd-hours",
        )
    path = (folder or settings.home / "indicators") / stage / f"{id}.yaml"
    if id in catalogue(settings.home) or path.exists() or path.with_suffix(".sql").exists():
        raise InputError(
            f"there is an indicator {id} already",
            hint="take another id, or remove its files",
            where=str(path),
        )
    spec, sql = draft(id, stage)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(spec, encoding="utf-8")
    path.with_suffix(".sql").write_text(sql, encoding="utf-8")
    return path


def assess(settings: Settings, as_of: datetime | None = None, progress: Progress | None = None) -> Run:
    """Assess everybody in the lake as known at `as_of` (UTC; by default the latest moment the lake knows of).

    Nothing is kept: `run` keeps. Raises NotFound where nothing has been loaded.
    """
    from pickglass.store import audit, open_store

    with open_store(settings) as store:
        done = _assess(settings, store, as_of, progress or (lambda _what, _count: None))
        audit.record(store, actor=actor(), action="assess", object="everybody", details={"kept": False})
        return done


def _assess(settings: Settings, store: Store, as_of: datetime | None, tell: Progress) -> Run:
    from pickglass import __version__
    from pickglass.cases import document
    from pickglass.indicators.catalogue import catalogue_version
    from pickglass.indicators.run import run as ask
    from pickglass.lake.reading import open_lake
    from pickglass.linking import link_everybody
    from pickglass.score import load_scorecard, score
    from pickglass.store import ledger

    tell("opening the lake", 0)
    names = {file.raw_file: file.name for file in ledger.files_of(store, state="loaded")}
    scorecard = load_scorecard(settings.scorecard)
    indicators = _indicators(settings, scorecard)
    with open_lake(settings, store, as_of) as session:
        tell("asking the indicators", 0)
        asked = [one for one in indicators.values() if one.status != "manual"]
        outcomes = ask(session, asked, parameters_override=settings.indicators)
        subjects = [_subject(row) for row in session.query(_SUBJECTS).to_pylist()]
        tell("linking", 0)
        evidence = [outcomes.evidence(subject) for subject in subjects]
        linked = link_everybody(session, store, evidence)
        tell("weighing", 0)
        evidence = _with_records(session, evidence, names)
        moment = session.as_of
    evidence = [replace(one, as_of=moment) for one in evidence]
    weighed = [(one, score(one, scorecard, indicators)) for one in evidence]
    weighed.sort(key=lambda pair: (pair[1].posterior["ordinary"], pair[0].subject.id))
    versions = {
        "pickglass": __version__,
        "scorecard": scorecard.version,
        "indicators": catalogue_version(settings.home),
        "as_of": moment,
        "snapshots": ledger.current_snapshots(store),
    }
    by_subject: dict[str, list[Link]] = {}
    for shared in linked.links:
        for subject_id in shared.subjects:
            by_subject.setdefault(subject_id, []).append(shared)
    documents = [
        document(
            assessment,
            one,
            by_subject.get(one.subject.id, ()),
            versions,
            indicators=[indicators[finding.indicator] for finding in one.fired],
        )
        for one, assessment in weighed
    ]
    return Run(
        as_of=moment,
        scorecard=scorecard.version,
        documents=tuple(documents),
        assessments=tuple(assessment for _, assessment in weighed),
        links=linked.links,
        linked=linked,
        versions=versions,
        problems=tuple((problem.where, problem.message) for problem in outcomes.problems),
    )


def _indicators(settings: Settings, scorecard: Scorecard) -> dict[str, Indicator]:
    """Return the catalogue of this home: what the company wrote itself counts only where the scorecard names it."""
    from pickglass.indicators.catalogue import catalogue

    shipped = catalogue()
    return {
        name: one
        if name in shipped or name in scorecard.weights or one.status == "manual"
        else replace(one, status="draft")
        for name, one in catalogue(settings.home).items()
    }


_SUBJECTS = """
    SELECT subject_id, accounts, kind, stage, name, role, department, hire_date, termination_date
    FROM subject ORDER BY subject_id
"""


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(
        id=row["subject_id"],
        kind=row["kind"],
        refs=dict(account.split(":", 1) for account in row["accounts"] if ":" in account),
        stage=row["stage"],
        name=row["name"],
        role=row["role"],
        department=row["department"],
        hire_date=row["hire_date"],
        termination_date=row["termination_date"],
    )


def _with_records(session: Session, evidence: Sequence[Evidence], names: Mapping[str, str]) -> list[Evidence]:
    """Put the original records beside every finding."""
    wanted = sorted({event for one in evidence for finding in one.fired for event in finding.event_ids})
    found = session.records(wanted)

    def with_records(finding: Finding) -> Finding:
        places = sorted({found[event] for event in finding.event_ids if event in found})
        records = [
            RecordReference(source, names.get(raw_file, raw_file[:12]), record, raw_file)
            for source, raw_file, record in places
        ]
        return replace(finding, records=tuple(records))

    return [replace(one, fired=tuple(with_records(finding) for finding in one.fired)) for one in evidence]


def run(
    settings: Settings,
    paths: Sequence[Path | str] = (),
    as_of: datetime | None = None,
    progress: Progress | None = None,
    *,
    since: datetime | None = None,
    tell: Tell | None = None,
) -> Run:
    """Load, assess, link and score: the whole way from a folder of exports to a ranked, explained list.

    The assessments are kept in the operational store, and a case is opened for each subject in band act or
    review that has none. Raises InputError where nothing could be loaded, now or before.
    """
    from pickglass.cases import open_for, save_run
    from pickglass.linking import keep
    from pickglass.store import ledger, open_store

    noted = progress if tell is None else None  # who is told how far a load is need not be told of its parts
    loaded = load(settings, paths, noted, since=since, tell=tell) if paths else None
    with open_store(settings) as store:
        if loaded is not None and not ledger.current_snapshots(store):
            raise InputError(
                "nothing in these files could be loaded",
                hint="`pickglass source list` names what is understood",
                problems=[(one.file, one.why) for one in (*loaded.unrecognised, *loaded.quarantined)],
            )
        done = _assess(settings, store, as_of, progress or (lambda _what, _count: None))
        save_run(
            store,
            done.documents,
            as_of=done.as_of,
            scorecard=done.scorecard,
            versions=done.versions,
            actor=actor(),
        )
        open_for(store, done.assessments)
        if done.linked is not None:
            keep(store, done.linked)
    return replace(done, load=loaded)


def show_subject(settings: Settings, reference: str) -> dict[str, Any]:
    """Return the latest case document of one subject, once the view is in the audit log.

    `reference` is the subject's id, its beginning, or a vendor's own id with or without the system's name.
    Raises NotFound where nobody fits, and InputError where several do.
    """
    from pickglass.cases import find_subjects, view_assessment
    from pickglass.store import open_store

    with open_store(settings) as store:
        found = find_subjects(store, reference)
        if len(found) > 1:
            raise InputError(
                f"{reference} fits {len(found)} subjects", hint=f"give more of the id: {', '.join(found[:5])}"
            )
        return view_assessment(store, found[0] if found else reference, actor=actor())


def original_records(settings: Settings, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the original records behind the findings of a case document, each once, as they were in their files.

    Each is opened from its sealed file, which proves that it is unchanged; one that is gone or damaged says so in
    `problem` in place of `text`. What the records hold is not masked: ask for a reason first.
    """
    from pickglass.errors import PickglassError
    from pickglass.lake.originals import read_record
    from pickglass.settings import derived_key
    from pickglass.store import keeping, open_store

    with open_store(settings) as store:
        expired = keeping.expired_originals(store)
    key = derived_key(settings, "originals")
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for finding in document["evidence"]["fired"]:
        for record in finding["records"]:
            place = (record["raw_file"], record["record"])
            if place in found:
                found[place]["indicators"].append(finding["indicator"])
                continue
            shown = {name: record[name] for name in ("source", "file", "record", "raw_file")}
            if place[0] in expired:
                shown["problem"] = (
                    f"past retention since {expired[place[0]]:%Y-%m-%d}; the row keeps its hash"
                )
                found[place] = shown | {"indicators": [finding["indicator"]]}
                continue
            try:
                raw = read_record(settings.originals, *place, key)
                shown["text"] = raw.decode("utf-8", "replace")
            except PickglassError as error:
                shown["problem"] = error.message
            found[place] = shown | {"indicators": [finding["indicator"]]}
    return list(found.values())


# Tables that only add to what an indicator can say: without them it is not blind.
_NOT_NEEDED = frozenset({"attestation", "intelligence", "identifier", "hr_change"})


def health(settings: Settings, now: datetime | None = None) -> dict[str, Any]:
    """Say what each source brought in and whether it is late, what is rejected, lost, of nobody, and what is blind.

    `now` is the moment (UTC) against which freshness and retention are judged; by default the clock. Of blind and dim
    indicators those stand first that weigh most.
    """
    from pickglass.coverage import blind, missing, strongest_bits
    from pickglass.indicators.catalogue import catalogue
    from pickglass.lake.health import filled, freshness, lake_health, retention
    from pickglass.lake.reading import open_lake
    from pickglass.linking import left_out
    from pickglass.score import load_scorecard
    from pickglass.store import ledger, open_store

    moment = now or datetime.now(UTC)
    scorecard = load_scorecard(settings.scorecard)
    heaviest = sorted(catalogue(settings.home).values(), key=lambda one: -strongest_bits(one, scorecard))
    known = _definitions(settings)
    with open_store(settings) as store:
        loaded = ledger.source_health(store)
        not_loaded = [file for file in ledger.files_of(store) if file.state not in ("loaded", "replaced")]
        with open_lake(settings, store) as session:
            lake, have = lake_health(session), filled(session)
            unlinked = left_out(session)
    rows, empty, rhythm = lake.pop("tables"), lake.pop("empty_columns"), lake.pop("sources")
    sources = []
    for one in loaded:
        about = rhythm.get(one.source, {"last_record": None, "usual_gap": None})
        last, gap = about["last_record"], about["usual_gap"]
        keeps = known[one.source].keeps_days if one.source in known else None
        sources.append(
            {
                "source": one.source,
                "status": known[one.source].status if one.source in known else None,
                "files": one.files,
                "bytes": one.bytes,
                "records": dict(one.records),
                "last_loaded": one.last_loaded.isoformat(),
                "last_record": last.isoformat() if last else None,
                "age_days": round((moment - last).total_seconds() / 86_400, 1) if last else None,
                "usual_gap_days": gap.total_seconds() / 86_400 if gap is not None else None,
                "freshness": freshness(last, gap, moment),
                "retention": retention(last, keeps, moment),
                "drift": dict(one.drift),
            }
        )
    return {
        "version": 1,
        "now": moment.isoformat(),
        "sources": sources,
        "not_loaded": [{"file": file.name, "state": file.state, "why": file.why} for file in not_loaded],
        "rows": rows,
        "blind": [{"indicator": one.id, "missing": missing(one.id, have)} for one in blind(heaviest, have)],
        "dim": _dim(heaviest, rows, empty),
        "linkage": unlinked,
        **lake,
    }


def _dim(
    indicators: Iterable[Indicator], filled: Mapping[str, int], empty: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """List the indicators that read columns which no source fills, though it fills the table; in the order given."""
    from pickglass.indicators.reads import reads

    found = []
    for one in indicators:
        columns = sorted(
            f"{view}.{column}"
            for view, read in reads(one.sql).items()
            if filled.get(view) and view not in _NOT_NEEDED
            for column in read & set(empty.get(view, ()))
        )
        if columns:
            found.append({"indicator": one.id, "columns": columns})
    return found


def actor() -> str:
    """Name who is at work, for the audit log: the account of the operating system."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _definitions(settings: Settings) -> Mapping[str, SourceDefinition]:
    from pickglass.sources.definitions import definitions

    return definitions(settings.home)


# -- care of the lake --------------------------------------------------------------------------------------


def compact_lake(settings: Settings, least: int = 2) -> dict[str, Any]:
    """Rewrite every month of every table that lies in `least` or more small files as few sorted ones."""
    from pickglass.lake.care import caring, compact
    from pickglass.store import open_store

    with open_store(settings) as store, caring(settings, store) as carer:
        done = compact(carer, least)
    return {
        "version": 1,
        "tables": {name: {"before": done.before[name], "after": done.after[name]} for name in done.before},
    }


def expire_lake(
    settings: Settings,
    *,
    days: float = 0,
    kept: int = 0,
    now: bool = False,
    originals_days: int | None = None,
) -> dict[str, Any]:
    """Expire past snapshots older than `days` or beyond the newest `kept`, and remove what nothing refers to.

    Replaced files that a reader may still have open stay for `reader_hours`, unless `now`. Originals that were
    loaded more than `originals_days` ago go too (by default `originals_retention_days`; None: none go), and so do
    those that no load brought, because it was stopped.
    """
    from datetime import timedelta

    from pickglass.lake.care import caring, forget_past
    from pickglass.lake.retention import expire_originals, remove_of_no_load
    from pickglass.store import open_store

    with open_store(settings) as store, caring(settings, store) as carer:
        grace = timedelta(0) if now else timedelta(hours=settings.reader_hours)
        done = forget_past(carer, kept=kept, days=days, grace=grace)
        left = remove_of_no_load(settings, store)
        limit = settings.originals_retention_days if originals_days is None else originals_days
        originals = expire_originals(settings, store, limit, actor=actor()) if limit is not None else None
    return {
        "version": 1,
        "snapshots": done.snapshots,
        "files": done.files,
        "bytes": done.bytes,
        "originals": originals,
        "originals_of_no_load": left,
    }


def verify_lake(
    settings: Settings, *, everything: bool = False, progress: Progress | None = None
) -> dict[str, Any]:
    """Prove that lake, originals and ledger agree, and name each place where they do not."""
    from pickglass.lake.integrity import verify
    from pickglass.store import open_store

    with open_store(settings) as store:
        return verify(settings, store, everything=everything, tell=progress or (lambda _what, _count: None))


def lake_status(settings: Settings) -> dict[str, Any]:
    """Say how the lake lies on disk: files, months, snapshots and bytes by table; holds; what is due."""
    from pickglass.lake.integrity import status
    from pickglass.store import open_store

    with open_store(settings) as store:
        return status(settings, store)


def erase_subject(settings: Settings, reference: str, *, reason: str, dry: bool = False) -> dict[str, Any]:
    """Remove a subject from everywhere below home, and record that it was done; with `dry`, only count.

    NotFound where nobody fits, InputError where several do, NotAllowed under a legal hold.
    """
    from pickglass.erasure import erase_subject as erase

    return erase(settings, reference, reason=reason, actor=actor(), dry=dry)


def hold_subject(settings: Settings, reference: str, *, reason: str, release: bool = False) -> dict[str, Any]:
    """Put a subject on legal hold, or end the hold; a hold blocks erasure and the retention of originals."""
    from pickglass.lake.erasure import find_subject
    from pickglass.store import keeping, open_store

    with open_store(settings) as store:
        subject_id = find_subject(settings, store, reference)
        if release:
            keeping.release_hold(store, subject_id, actor=actor(), reason=reason)
        else:
            keeping.place_hold(store, subject_id, actor=actor(), reason=reason)
    return {"version": 1, "subject": subject_id, "held": not release}


def remap_source(settings: Settings, source_id: str) -> dict[str, Any]:
    """Make the rows of one source anew from the sealed originals, with the mapping of today; all or nothing.

    NotFound for an unknown source or one of which nothing is loaded. `kept` names the files whose rows stay as they
    are, because their originals cannot be read again.
    """
    from pickglass import __version__
    from pickglass.errors import PickglassError
    from pickglass.lake.care import caring
    from pickglass.lake.erasing import erased_records
    from pickglass.lake.load import InputFile
    from pickglass.lake.originals import Original
    from pickglass.lake.remap import Again, remap
    from pickglass.settings import derived_key
    from pickglass.sources.rereading import can_reread, reread
    from pickglass.store import audit, ledger, open_store

    source = _definitions(settings).get(source_id)
    if source is None:
        raise NotFound(f"there is no source {source_id}", hint="pickglass source list")
    key = derived_key(settings, "originals")
    kept: list[dict[str, str]] = []
    with open_store(settings) as store, caring(settings, store) as carer:
        recorded = ledger.files_of(store, source=source_id, state="loaded")
        if not recorded:
            raise NotFound(f"nothing of {source_id} is loaded", hint="pickglass load PATH")
        again: list[Again] = []
        for one in recorded:
            try:
                with Original(settings.originals, one.raw_file, key) as original:
                    can_reread(original, source)
                    erased = frozenset(erased_records(original))
            except PickglassError as error:
                kept.append({"file": one.name, "why": error.message})
                continue

            def blocks(raw_file: str = one.raw_file) -> Iterator[Any]:
                with Original(settings.originals, raw_file, key) as opened:
                    yield from reread(opened, source)

            file = InputFile(one.name, one.raw_file, one.bytes, one.form or "", source, blocks)
            again.append(Again(file, one, erased))
        audit.record(
            store,
            actor=actor(),
            action="remap",
            object=source_id,
            details={"mapping": source.version, "files": len(again), "kept": len(kept)},
        )
        tables = remap(carer, source, again, __version__) if again else {}
    return {
        "version": 1,
        "source": source_id,
        "mapping_version": source.version,
        "files": len(again),
        "kept": kept,
        "rows": tables,
    }


# -- what people know ----------------------------------------------------------------------------------------


def _load_records(settings: Settings, name: str, records: Iterator[Mapping[str, Any]]) -> LoadReport:
    """Load records that we wrote ourselves, as a file like any other: originals, ledger, all or nothing."""
    import tempfile

    import orjson

    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="given-", dir=settings.workspace) as folder:
        path = Path(folder) / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.jsonl"
        with path.open("wb") as file:
            for record in records:
                file.write(
                    orjson.dumps({key: value for key, value in record.items() if value is not None}) + b"\n"
                )
        return load(settings, [path])


def add_intelligence(
    settings: Settings,
    kind: str,
    path: Path,
    *,
    name: str | None = None,
    confidence: str | None = None,
    valid_until: datetime | None = None,
    dated: datetime | None = None,
) -> dict[str, Any]:
    """Load an intelligence list, or keep an address database; a new edition of a list takes the place of the old.

    `kind` limits which values are taken (`any`: all that can be told). Entries without a date of their own bear that of
    their list, else `dated`, else the day on which the file was last modified. InputError where nothing can be used.
    """
    import hashlib

    from pickglass.lake.addresses import is_address_database
    from pickglass.sources.lists import read_list
    from pickglass.store import audit, open_store

    if confidence not in (None, "low", "medium", "high"):
        raise InputError(f"{confidence} is no confidence", hint="low, medium or high")
    now = datetime.now(UTC)
    if valid_until is not None and valid_until <= now:
        raise InputError("this end is past", hint="give a day to come")
    if not path.exists():
        raise InputError("there is no such file or folder", hint="check the path", where=str(path))
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    called = name or path.stem or path.name
    if not called.strip() or len(called) > 100:
        raise InputError("a list needs a name of at most 100 characters", hint="--list NAME")
    if path.is_file() and is_address_database(path):
        return _add_database(settings, path, called, valid_until, now)
    found = read_list(path, kind)
    day = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = dated or found.dated or day
    sure = confidence or found.confidence or "medium"
    digest = hashlib.sha256(repr((kind, sure, valid_until, dated)).encode())
    for one in found.entries:
        digest.update(repr((one.kind, one.value, one.confidence, one.time, one.valid_until)).encode())
    edition = f"edition {digest.hexdigest()[:32]}"
    added = now.isoformat()
    told = {
        "version": 1, "list": called, "form": found.form, "entries": len(found.entries), "dated": moment.isoformat(),
        "skipped": dict(found.skipped.most_common()), "confidence": sure,
        "valid_until": valid_until.isoformat() if valid_until else None,
    }  # fmt: skip
    before = {one["list"]: one for one in _lists_in_force(settings)}.get(called)
    if before is not None and before["edition"] == edition:
        return {**told, "state": "in force already", "load": None, "rejected": 0}

    def records() -> Iterator[Mapping[str, Any]]:
        # In front, so that one load ends the old edition and brings the new one.
        head = {"time": added, "kind": "withdrawn", "value": called, "list_name": called, "added": added}
        yield {**head, "reference": edition}
        for one in found.entries:
            yield {
                "time": (one.time or moment).isoformat(),
                "kind": one.kind,
                "value": one.value,
                "list_name": called,
                "confidence": one.confidence or sure,
                "valid_until": _iso(_earlier(one.valid_until, valid_until)),
                "last_seen": _iso(one.last_seen),
                "reference": one.reference,
                "added": added,
            }

    with open_store(settings) as store:
        audit.record(
            store,
            actor=actor(),
            action="intel.add",
            object=called[:256],
            details={"form": found.form, "entries": len(found.entries), "edition": edition},
        )
    report = _load_records(settings, f"intel-{called}", records())
    if report.quarantined or report.unrecognised:
        why = (*report.quarantined, *report.unrecognised)[0].why
        raise InputError(f"the list could not be loaded: {why}", hint="docs/intelligence.md", where=str(path))
    state = "added" if before is None else "replaced"
    return {**told, "state": state, "load": report.id, "rejected": report.records["rejected"]}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment), default=None)


def _add_database(
    settings: Settings, path: Path, name: str, valid_until: datetime | None, now: datetime
) -> dict[str, Any]:
    """Keep an address database below home under its hash; the bytes first, then the note that they are there."""
    import hashlib
    import os
    import secrets

    from pickglass.lake.addresses import read_address_database
    from pickglass.lake.reading import database_path
    from pickglass.store import open_store
    from pickglass.store.address_databases import note_database

    found = read_address_database(path)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = settings.home / "intel"
    folder.mkdir(mode=0o700, exist_ok=True)
    temporary = folder / f".{secrets.token_hex(8)}"
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source, temporary.open("xb") as target:
            temporary.chmod(0o600)
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(database_path(settings, digest.hexdigest()))
    finally:
        temporary.unlink(missing_ok=True)
    row = {
        "sha256": digest.hexdigest(),
        "list_name": name,
        "kind": found.kind,
        "type": found.type,
        "built": found.built,
        "bytes": path.stat().st_size,
        "added": now,
        "added_by": actor(),
        "valid_until": valid_until,
    }
    with open_store(settings) as store:
        new = note_database(store, row, actor=actor())
    return {
        "version": 1, "list": name, "form": found.type, "entries": None, "dated": found.built.isoformat(), "skipped": {},
        "confidence": None, "valid_until": _iso(valid_until), "state": "added" if new else "in force already", "load": None,
        "rejected": 0,
    }  # fmt: skip


def _lists_in_force(settings: Settings) -> list[dict[str, Any]]:
    """Name the lists of the lake that have an entry in force."""
    from pickglass.lake.reading import open_lake
    from pickglass.store import open_store

    with open_store(settings) as store:
        try:
            with open_lake(settings, store) as session:
                rows = session.query(_LISTS, {"now": datetime.now(UTC)}).to_pylist()
        except NotFound:
            return []
    return [{**row, **{name: _iso(row[name]) for name in _LIST_TIMES}} for row in rows]


_LIST_TIMES = ("oldest", "newest", "added", "valid_until")
_LISTS = """
    SELECT l.list_name AS list, string_agg(DISTINCT l.kind, ', ' ORDER BY l.kind) AS kinds, count(*) AS entries,
           min(l.time) AS oldest, max(l.time) AS newest, max(l.added) AS added, max(l.valid_until) AS valid_until,
           string_agg(DISTINCT l.confidence, ', ' ORDER BY l.confidence) AS confidence, max(w.reference) AS edition
    FROM listed l
    LEFT JOIN (SELECT list_name, arg_max(reference, added) AS reference FROM known_intelligence
               WHERE kind = 'withdrawn' GROUP BY list_name) w ON w.list_name = l.list_name
    WHERE l.valid_until IS NULL OR l.valid_until > $now
    GROUP BY l.list_name ORDER BY l.list_name
"""


def intelligence_lists(settings: Settings) -> list[dict[str, Any]]:
    """List what is in force: lists with their kinds, counts, dates and confidence, and address databases."""
    from pickglass.store import open_store
    from pickglass.store.address_databases import databases_in_force

    now = datetime.now(UTC)
    with open_store(settings) as store:
        databases = databases_in_force(store, now)
    return _lists_in_force(settings) + [
        {
            "list": row["list_name"], "kinds": f"{row['kind']} ({row['type']})", "entries": None, "oldest": _iso(row["built"]),
            "newest": _iso(row["built"]), "added": _iso(row["added"]), "valid_until": _iso(row["valid_until"]),
            "confidence": None, "edition": row["sha256"],
        }
        for row in databases
    ]  # fmt: skip


def expire_intelligence(settings: Settings, name: str, *, reason: str = "") -> dict[str, Any]:
    """End a list now, its entries and its address databases; NotFound where it has none in force."""
    from pickglass.store import audit, open_store
    from pickglass.store.address_databases import expire_databases

    now = datetime.now(UTC)
    held = {one["list"]: one["entries"] for one in _lists_in_force(settings)}.get(name, 0)
    with open_store(settings) as store:
        try:
            databases = expire_databases(store, name, now, actor=actor(), reason=reason)
        except NotFound:
            if not held:
                raise
            databases = 0
        if held:
            audit.record(store, actor=actor(), action="intel.expire", object=name, reason=reason)
    if held:
        moment = now.isoformat()
        ended = {"time": moment, "kind": "withdrawn", "value": name, "list_name": name, "added": moment}
        _load_records(settings, f"intel-end-{name}", iter([ended]))
    return {"version": 1, "list": name, "entries": held, "databases": databases}


def attest(
    settings: Settings,
    kind: str,
    *,
    subject: str | None = None,
    department: str | None = None,
    reason: str,
    until: datetime | None = None,
    value: str | None = None,
    outcome: str | None = None,
    on: datetime | None = None,
) -> dict[str, Any]:
    """Vouch for a fact about one subject or a whole department; it counts from the next assessment on.

    Who is at work is its author. InputError where the kind needs what is not given, NotFound for an unknown subject.
    """
    from pickglass.cases.attestations import attestation_record
    from pickglass.lake.attested import department_exists, subject_account
    from pickglass.lake.erasure import find_subject
    from pickglass.lake.reading import open_lake
    from pickglass.store import audit, open_store

    now = datetime.now(UTC)
    record = attestation_record(
        kind, subject=subject, department=department, reason=reason, until=until, value=value, outcome=outcome,
        on=on, now=now, author=actor(),
    )  # fmt: skip
    subject_id = None
    with open_store(settings) as store:
        if subject is not None:
            subject_id = find_subject(settings, store, subject)
        other = find_subject(settings, store, value) if kind == "household" and value else None
        with open_lake(settings, store) as session:
            if subject_id is not None:
                record["account"] = subject_account(session, subject_id)
            elif department and not department_exists(session, department):
                raise NotFound(f"there is no department {department}", "write it as the roster does")
            if other is not None:
                record["value"] = subject_account(session, other)
        if other is not None and other == subject_id:
            raise InputError("a household is of two people", hint="name the other one as --value")
        audit.record(
            store,
            actor=actor(),
            action="attest",
            object=subject_id or "department",
            details={"attestation": record["attestation_id"], "kind": kind, "outcome": outcome},
        )
    _load_one(settings, record)
    return {"version": 1, "attestation": record["attestation_id"], "subject": subject_id, "department": department,
            "kind": kind, "valid_until": record["valid_until"]}  # fmt: skip


def _load_one(settings: Settings, record: Mapping[str, Any]) -> None:
    report = _load_records(settings, record["attestation_id"], iter([record]))
    if not report.rows.get("attestation"):
        raise InputError(
            "the attestation could not be loaded",
            hint="`pickglass doctor` says why",
            where=record["attestation_id"],
        )


def attestations(
    settings: Settings, reference: str | None = None, now: datetime | None = None, *, exact: bool = False
) -> list[dict[str, Any]]:
    """List attestations, newest first, with the subjects they speak for and whether they are in force at `now`.

    With `exact` the reference is a subject's whole id, and is not looked up.
    """
    from pickglass.lake.attested import list_attestations
    from pickglass.lake.erasure import find_subject
    from pickglass.lake.reading import open_lake
    from pickglass.store import audit, open_store

    with open_store(settings) as store:
        known = exact or reference is None
        subject_id = reference if known else find_subject(settings, store, str(reference))
        audit.record(store, actor=actor(), action="attestations.view", object=subject_id or "everybody")
        with open_lake(settings, store) as session:
            return list_attestations(session, subject_id, now or datetime.now(UTC))


def withdraw_attestation(
    settings: Settings, id: str, *, reason: str, until: datetime | None = None
) -> dict[str, Any]:
    """Take an attestation back as if it had never been made, or with `until` give it another end.

    What was assessed before stands: an assessment as of an earlier day still sees it. NotFound where there is none.
    """
    from pickglass.cases.attestations import require_reason
    from pickglass.lake.attested import find_attestation
    from pickglass.lake.reading import open_lake
    from pickglass.store import audit, open_store

    require_reason(reason)
    with open_store(settings) as store:
        with open_lake(settings, store) as session:
            record = find_attestation(session, id)
        now = datetime.now(UTC).isoformat()
        if until is not None:
            record["valid_until"] = until.isoformat()
        else:
            record |= {"withdrawn": now, "withdrawn_by": actor()}
        audit.record(
            store,
            actor=actor(),
            action="attest.withdraw",
            object=id,
            reason=reason,
            details={"until": _iso(until)},
        )
    _load_one(settings, record)
    return {"version": 1, "attestation": id, "withdrawn": until is None, "valid_until": record["valid_until"]}
