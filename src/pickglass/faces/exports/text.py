"""A subject or a case as plain text that can be handed over: sentences first, the arithmetic below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 100

_BANDS = {
    "act": "act: somebody should look today",
    "review": "review: a person should look",
    "watch": "watch: nothing to do but keep loading",
    "insufficient": "insufficient: too little could be assessed to say anything",
    "none": "none: nothing stands out",
}
HYPOTHESES = {
    "ordinary": "nothing beyond normal life",
    "operated": "somebody else does the work or runs the persona",
    "elsewhere": "the person works from an undisclosed place",
    "moonlighting": "the person holds several full-time jobs",
    "hijacked": "an honest worker whose account or pay was taken over",
    "disloyal": "the person takes data or extorts",
}
REMINDER = "These are indicators, not a verdict. Every one of them has innocent causes; a named person decides, after asking."


def subject_text(
    document: Mapping[str, Any], links: Sequence[Mapping[str, Any]], versions: Mapping[str, Any]
) -> str:
    """Write one subject (as `subject_document` gives it) as text."""
    return "\n".join(_lines(document, links, versions))


def odds(probability: float) -> str:
    """Say a probability the way people do: about 1 in n, or in per cent."""
    if probability >= 0.1:
        return f"about {probability:.0%}"
    return f"about 1 in {round(1 / probability):,}" if probability > 0 else "practically none"


def _lines(
    document: Mapping[str, Any], links: Sequence[Mapping[str, Any]], versions: Mapping[str, Any]
) -> Iterator[str]:
    refs = ", ".join(f"{system} {reference}" for system, reference in document["refs"].items())
    yield f"Subject {document['id']}  {document['name'] or 'no name on record'}"
    yield f"{document['kind']}, {document['role'] or 'role unknown'}; {refs}; stage: {document['stage']}"
    yield ""
    yield f"Band        {_BANDS[document['band']]}"
    yield from _wrapped(f"Why         {document['why_band']}", 12)
    ranked = sorted(document["posterior"].items(), key=lambda item: -item[1])
    for number, (hypothesis, share) in enumerate(ranked[:3]):
        head = "Likelihood  " if number == 0 else " " * 12
        yield f"{head}{odds(share):<18} {HYPOTHESES[hypothesis]} ({hypothesis})"
    yield ""
    yield f"What was found ({len(document['fired'])})"
    if not document["fired"]:
        yield "  nothing"
    for number, found in enumerate(document["fired"], start=1):
        yield from _finding(number, found)
    if document["against"]:
        yield ""
        yield f"What speaks against ({len(document['against'])})"
        for number, found in enumerate(document["against"], start=1):
            yield from _finding(number, found)
    yield ""
    yield from _wrapped(
        f"Looked for and not there ({len(document['clear'])}): {', '.join(document['clear']) or 'none'}", 2
    )
    yield from _wrapped(
        f"Could not be assessed ({len(document['not_assessable'])}): {', '.join(document['not_assessable']) or 'none'}",
        2,
    )
    if links:
        yield ""
        yield f"Links ({len(links)})"
        for link in links:
            yield from _link(document["id"], link)
    asked = list(dict.fromkeys(question for found in document["fired"] for question in found["ask_next"]))
    if asked:
        yield ""
        yield "What to ask next"
        for question in asked:
            yield from _wrapped(f"  [ ] {question}", 6)
    yield ""
    yield f"The sum, in bits for '{document['leading']}' against 'ordinary'"
    for step in document["steps"]:
        bits = step["bits"].get(document["leading"], 0)
        if bits:
            yield from _wrapped(
                f"  {bits:+7.2f}  {step['kind']:<6} {step['label']}"
                + (f": {step['reason']}" if step["reason"] else ""),
                18,
            )
    yield f"  {document['bits']:+7.2f}  total"
    yield ""
    yield from _wrapped(REMINDER, 0)
    shown = ", ".join(f"{name} {value}" for name, value in versions.items() if isinstance(value, str))
    yield from _wrapped(f"Made from: {shown}.", 0)


def _finding(number: int, found: Mapping[str, Any]) -> Iterator[str]:
    yield from _wrapped(f"  {number}. {found['sentence']}", 5)
    yield f"     {found['id']}, {found['family']}, {found['bits']:+.1f} bits" + (
        " (draft: shown, not counted)" if found["status"] == "draft" else ""
    )
    if found["records"]:
        places = ", ".join(
            f"{record['file']} record {record['record']} ({record['source']})"
            for record in found["records"][:4]
        )
        more = len(found["records"]) - 4
        yield from _wrapped(f"     from {places}" + (f" and {more} more" if more > 0 else ""), 10)
    yield from _wrapped(f"     innocent causes: {'; '.join(found['innocent'])}", 10)


def _link(subject_id: str, link: Mapping[str, Any]) -> Iterator[str]:
    others = [other for other in link["subjects"] if other != subject_id]
    shown = ", ".join(others[:6]) + (f" and {len(others) - 6} more" if len(others) > 6 else "")
    if link["kind"] == "persona":
        yield from _wrapped(
            f"  perhaps the same person as {shown} ({odds(link['probability'])}): {'; '.join(link['reasons'])}",
            6,
        )
    else:
        yield from _wrapped(
            f"  shares {link['thing'].replace('_', ' ')} {link['label']} with {shown} ({link['bits']:+.1f} bits): {'; '.join(link['reasons'])}",
            6,
        )


def _wrapped(text: str, indent: int) -> Iterator[str]:
    import textwrap

    start = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(text.strip(), WIDTH, initial_indent=start, subsequent_indent=" " * indent) or [""]
    yield from lines
