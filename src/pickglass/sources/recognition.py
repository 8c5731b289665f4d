"""What is this file? Told by its content: the keys of its first records and patterns on their values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pickglass.model.source import Recognition, SourceDefinition
from pickglass.sources.folding import is_folded, unfold, unfolded_blocks
from pickglass.sources.parsers import parsed_blocks, parser_sources
from pickglass.sources.reading import Block, Member, blocks, sample, table_header
from pickglass.sources.reading.content import Feed

SAMPLE_RECORDS = 50
HEAD_BYTES = 64 * 1024

# A file counts as a source's if most of its first records do; single odd records become rejects.
SHARE = 0.5

_NUMBERED = re.compile(r"(.+) \(\d+\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recognised:
    """The source that a file belongs to, and why; or None with the reason why it belongs to none."""

    source: SourceDefinition | None
    why: str


def recognise_member(
    member: Member, known: Mapping[str, SourceDefinition]
) -> tuple[SourceDefinition | None, str]:
    """Say which source a file belongs to, and why; or why none."""
    head = "" if member.form == "empty" else _head(member)
    parsers = parser_sources(member.form, head, known.values())
    if len(parsers) > 1:
        return None, f"fits several sources equally: {', '.join(sorted(source.id for source in parsers))}"
    if parsers:
        pattern = parsers[0].recognise.text
        return parsers[0], f"is {member.form}" + (f" with {pattern}" if pattern else "")
    if member.form in ("empty", "binary", "text"):
        note = f": {member.note}" if member.note else ""
        what = {
            "empty": "is empty",
            "binary": "is binary data that no source reads",
            "text": "is text without a form that a source reads",
        }
        return None, what[member.form] + note
    if member.form in ("evtx", "xml", "mail", "mbox", "pdf", "docx"):
        return None, f"is {member.form}, which no source reads"
    # Where the records sit in a document differs by source. A way of reading gets a sample of its own only if the
    # file's beginning names its keys at all: for every other way the sample is the plain one.
    ways = [
        way
        for way, needles in _index(tuple(known.values())).ways
        if any(needle in head for needle in needles)
    ]
    samples = {way: sample(member, way, SAMPLE_RECORDS) for way in ((), *ways)}
    found = recognise(samples, known.values(), member.form)
    if found.source is not None and (twice := _read_twice(member, found.source)):
        return None, f"more than one column is called {', '.join(twice)}; give each a name of its own"
    return found.source, found.why


def _read_twice(member: Member, source: SourceDefinition) -> list[str]:
    """List the columns that the source reads and of which the file has more than one: nobody knows which is meant."""
    names = table_header(member) if member.form in ("csv", "xlsx") else []
    numbered = (_NUMBERED.match(name) for name in names)
    return sorted(
        {match[1] for match in numbered if match and match[1] in source.columns and match[1] in names}
    )


def _head(member: Member) -> str:
    """Return the beginning of a file as text, as far as it can be read; what is damaged is told by its records."""
    feed = Feed(
        member.content
    )  # a file cut off early has less than this, and must not end the load of all others
    try:
        return feed.read(HEAD_BYTES).decode(member.encoding, "replace")
    except LookupError:
        return ""
    finally:
        feed.close()


def _first(path: str) -> str:
    return path.partition(".")[0]


def member_blocks(member: Member, source: SourceDefinition) -> Iterator[Block]:
    """Read a file's records as its source wants them."""
    if member.form in source.forms:
        return parsed_blocks(member, source)
    found = iter(blocks(member, source.records))
    if any(is_folded(record, source) for record in sample(member, source.records, SAMPLE_RECORDS)):
        return unfolded_blocks(found, source)
    return found


Samples = Mapping[tuple[str, ...], Sequence[Mapping[str, Any]]]


def recognise(samples: Samples, sources: Iterable[SourceDefinition], form: str) -> Recognised:
    """Find the source whose description fits most of a file's first records; the most specific one wins.

    `samples` holds the first records as each way of reading finds them (where records sit in a document → records).
    Two sources that fit equally well are told as an ambiguity, never guessed.
    """
    plain = samples.get((), ())
    if not any(samples.values()):
        return Recognised(None, "holds no records")
    kind = "csv" if form in ("csv", "xlsx") else "json"
    fitting: list[tuple[int, float, SourceDefinition]] = []
    heads = {
        way: {str(key).lower() for record in records for key in record} for way, records in samples.items()
    }
    sources = tuple(sources)
    for source in _index(sources).candidates(set().union(*heads.values())):
        way = source.records if source.records in samples else ()
        records = samples.get(way, ())
        if kind not in source.formats or not records or not _may_fit(source, heads[way]):
            continue
        share = sum(belongs(record, source) for record in records) / len(records)
        if share >= SHARE and _only_own_keys(source, records):
            fitting.append((_specificity(source.recognise), share, source))
    if not fitting:
        shown = _keys(plain[0], kind, sources) if plain else "no source has its records where these are"
        return Recognised(None, shown)
    fitting.sort(key=lambda found: (found[0], found[1]), reverse=True)
    best = fitting[0]
    rivals = [source.id for weight, share, source in fitting[1:] if (weight, share) == best[:2]]
    if rivals:
        return Recognised(None, f"fits several sources equally: {', '.join(sorted([best[2].id, *rivals]))}")
    rules = best[2].recognise
    return Recognised(best[2], f"has the keys {', '.join((*rules.all, *rules.any))}")


@dataclass(frozen=True, slots=True)
class _Index:
    """What narrows many sources down to the few that a file's keys allow, so that more sources cost no more time."""

    ways: tuple[
        tuple[tuple[str, ...], tuple[str, ...]], ...
    ]  # where records sit → texts of which one must be there
    by_key: Mapping[str, tuple[int, ...]]  # a key that a source needs, in lower case → places of such sources
    always: tuple[int, ...]  # places of sources that need no key
    sources: tuple[SourceDefinition, ...]

    def candidates(self, heads: Collection[str]) -> list[SourceDefinition]:
        """Return the sources one of whose keys is among the top keys of the records, in their order."""
        places = {*self.always, *(place for head in heads for place in self.by_key.get(head, ()))}
        return [self.sources[place] for place in sorted(places)]


@lru_cache(maxsize=16)
def _index(sources: tuple[SourceDefinition, ...]) -> _Index:
    ways = {
        source.records: tuple(f'"{_first(path)}"' for path in source.records)
        for source in sources
        if source.records
    }
    common = Counter(head for source in sources for _, head in _keys_needed(source)[0])
    by_key: dict[str, list[int]] = {}
    always: list[int] = []
    for place, source in enumerate(sources):
        needed = _keys_needed(source)[0]
        if not needed:
            always.append(place)
            continue
        # Under the key that fewest others need. A key with dots may stand as it is, or lead down.
        rarest = min(needed, key=lambda names: common[names[1]])
        for key in {*rarest}:
            by_key.setdefault(key, []).append(place)
    return _Index(
        ways=tuple(ways.items()),
        by_key={key: tuple(places) for key, places in by_key.items()},
        always=tuple(always),
        sources=sources,
    )


def _may_fit(source: SourceDefinition, heads: Collection[str]) -> bool:
    """Say whether any record could fit, by its top keys in lower case alone."""
    needed, one_of = _keys_needed(source)
    for dotted, head in needed:
        if head not in heads and dotted not in heads:
            return False
    return not one_of or any(head in heads or dotted in heads for dotted, head in one_of)


_Keys = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def _keys_needed(source: SourceDefinition) -> tuple[_Keys, _Keys]:
    """Return the keys of a source's rules with their first steps, in lower case: a log shipper may have folded them."""

    def folded(names: Iterable[str]) -> _Keys:
        return tuple((name.lower(), _first(name.lower())) for name in names)

    return folded(source.recognise.all), folded(source.recognise.any)


def belongs(record: Mapping[str, Any], source: SourceDefinition) -> bool:
    """Say whether one record is the source's, as the vendor writes it or with its keys in lower case."""
    if fits(record, source.recognise):
        return True
    return is_folded(record, source) and fits(unfold(record, source), source.recognise)


def fits(record: Mapping[str, Any], rules: Recognition) -> bool:
    """Say whether one record is as the rules describe."""
    if not all(_has(record, key) for key in rules.all):
        return False
    if rules.any and not any(_has(record, key) for key in rules.any):
        return False
    if any(_has(record, key) for key in rules.none):
        return False
    for key, pattern in rules.match.items():
        values = _values(record, key)
        if not any(isinstance(value, str) and re.search(pattern, value) for value in values):
            return False
    return True


def _only_own_keys(source: SourceDefinition, records: Sequence[Mapping[str, Any]]) -> bool:
    """A generic source takes only files that speak our vocabulary and nothing else."""
    if not source.id.startswith("generic_"):
        return True
    return all(set(record) <= set(source.columns) for record in records)


def _specificity(rules: Recognition) -> int:
    return len(rules.all) + len(rules.none) + 2 * len(rules.match) + bool(rules.any)


def _values(record: Any, dotted: str) -> list[Any]:
    """Follow a dotted key down; through lists, every element counts. A key with dots of its own wins."""
    if isinstance(record, Mapping) and dotted in record:
        return [record[dotted]]
    head, _, rest = dotted.partition(".")
    if isinstance(record, list):
        return [value for element in record[:20] for value in _values(element, dotted)]
    if not isinstance(record, Mapping) or head not in record:
        return []
    return [record[head]] if not rest else _values(record[head], rest)


def _has(record: Mapping[str, Any], dotted: str) -> bool:
    return bool(_values(record, dotted))


def _keys(record: Mapping[str, Any], kind: str, sources: tuple[SourceDefinition, ...]) -> str:
    """Tell the keys of a record that no source knows, but nothing that may be a value: a first line may be a person's."""
    names = [str(key) for key in record]
    if kind == "csv" and (any(map(_is_value, names)) or not _vocabulary(sources) & _words(names)):
        return f"its first line is not made of names of columns ({len(names)} cells, not shown): export it with a header"
    shown = ["(a value)" if _is_value(name) else name[:40] for name in names[:8]]
    return f"no source has these keys: {', '.join(shown)}" + (", …" if len(names) > len(shown) else "")


def _is_value(name: str) -> bool:
    """Say whether a key is rather a value: an address, a day, an id, a number."""
    digits = sum(letter.isdigit() for letter in name)
    return "@" in name or digits >= 4 or bool(re.fullmatch(r"[\d\s.,:/+()-]*\d[\d\s.,:/+()-]*", name))


def _words(names: Iterable[str]) -> set[str]:
    """Cut keys into their words, however they are written, in lower case."""
    return {word.lower() for name in names for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+", name)}


@lru_cache(maxsize=16)
def _vocabulary(sources: tuple[SourceDefinition, ...]) -> frozenset[str]:
    """Give the words that columns of any source are made of."""
    return frozenset(_words(name for source in sources for name in source.columns))
