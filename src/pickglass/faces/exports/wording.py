"""The words of the reports: probabilities as people say them, bits explained, indicators by their titles.

Text and HTML use the same words, so that a person who reads both reads one report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

BANDS = {
    "act": "somebody should look today",
    "review": "a person should look",
    "watch": "nothing to do; keep loading the exports",
    "insufficient": "too little could be assessed to say anything",
    "none": "nothing stands out",
}
HYPOTHESES = {
    "ordinary": "nothing beyond normal life",
    "operated": "somebody else does the work or runs the persona",
    "elsewhere": "the person works from an undisclosed place",
    "moonlighting": "the person holds several full-time jobs",
    "hijacked": "an honest worker's account or pay was taken over",
    "disloyal": "the person takes data or extorts",
}
FAMILIES = {
    "recruiting": "Application and interviews",
    "identity": "Identity checks",
    "logistics": "Deliveries",
    "payroll": "Pay",
    "endpoint": "Computer",
    "network": "Sign-ins and networks",
    "meeting": "Meetings",
    "data": "Data taken or put",
    "mail": "Mail",
    "link": "Things shared with others",
}
REMINDER = (
    "These are indicators, not a verdict. Every one of them has innocent causes; a named person decides, "
    "after asking."
)
BITS = (
    "One bit doubles the odds against “nothing beyond normal life”, minus one halves them; "
    "ten are a thousandfold."
)
NOT_ASSESSED = (
    "The records that would answer were not loaded, or do not cover this person. "
    "That says neither good nor bad."
)


def odds(probability: float) -> str:
    """Say a probability the way people do: in a hundred, or one in so many; never as certain."""
    if probability > 0.999:
        return "more than 999 in 1,000"
    if probability > 0.99:
        return f"about {probability * 1000:.0f} in 1,000"
    if probability >= 0.1:
        return f"about {probability * 100:.0f} in 100"
    if probability >= 1e-6:
        return f"about 1 in {_rounded(1 / probability):,}"
    return "less than 1 in 1,000,000"


def strength(bits: float) -> str:
    """Say in a word how much an indicator weighs."""
    size = abs(bits)
    word = "strong" if size >= 6 else "clear" if size >= 3 else "weak" if size > 0 else "no weight"
    return f"{word}, {bits:+.1f} bits" if size else word


def in_short(document: Mapping[str, Any]) -> list[str]:
    """Sum up one subject (as `subject_document` gives it) in a few neutral sentences."""
    band, leading, found = document["band"], document["leading"], document["fired"]
    posterior = document["posterior"]
    sentences = [f"Band “{band}”: {BANDS[band]}."]
    counted = [one for one in found if one["status"] != "draft" and one["bits"] > 0]
    if counted:
        families = list(dict.fromkeys(FAMILIES.get(one["family"], one["family"]).lower() for one in counted))
        sentences.append(
            f"{_count(len(counted), 'indicator').capitalize()} fired, from "
            f"{_count(len(families), 'kind')} of record: {_and(families)}."
        )
        sentences.append(
            f"Weighed together, the chance that {HYPOTHESES[leading]} is "
            f"{odds(posterior.get(leading, 0.0))}; that it is {HYPOTHESES['ordinary']}, "
            f"{odds(posterior.get('ordinary', 0.0))}."
        )
    elif band == "insufficient":
        sentences.append(
            "Nothing was found, but too few questions could be answered for that to mean anything."
        )
    else:
        sentences.append("No indicator that carries weight fired.")
    against, clear = len(document["against"]), len(document["clear"])
    counts = (
        f"{_count(against, 'fact')} {'speaks' if against == 1 else 'speak'} against it; "
        f"{_count(clear, 'thing')} {'was' if clear == 1 else 'were'} looked for and not found; "
        f"{_count(len(document['not_assessable']), 'question')} could not be answered."
    )
    sentences.append(counts[0].upper() + counts[1:])
    if leading == "hijacked" and counted:
        sentences.append(
            "If this is so, the person is the victim: help first, and use another way to reach them."
        )
    return sentences


def by_family(ids: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Group indicators by the family that owns their evidence; each is named by its title."""
    from pickglass.indicators.catalogue import catalogue

    known = catalogue()
    groups: dict[str, list[str]] = {}
    for one in ids:
        indicator = known.get(one)  # a stored document may name one that is gone since
        groups.setdefault(indicator.family if indicator else "other", []).append(
            indicator.title if indicator else one
        )
    order = [*FAMILIES, "other"]
    return [
        (FAMILIES.get(family, "Other"), sorted(groups[family])) for family in sorted(groups, key=order.index)
    ]


def questions(document: Mapping[str, Any]) -> list[str]:
    """List what to ask next, what belongs to the strongest indicator first, each once."""
    return list(dict.fromkeys(question for found in document["fired"] for question in found["ask_next"]))


def sum_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Give the lines of the sum for the leading hypothesis: what, why, bits; all that is clear in one."""
    titles = {found["id"]: found["title"] for found in (*document["fired"], *document["against"])}
    leading = document["leading"]
    clear = [step["bits"].get(leading, 0.0) for step in document["steps"] if step["kind"] == "clear"]
    told = False
    for step in document["steps"]:
        bits = step["bits"].get(leading, 0.0)
        if step["kind"] == "clear":
            if not told and any(clear):
                told = True
                yield f"Looked for and not found ({sum(map(bool, clear))})", "", round(sum(clear), 2)
        elif step["kind"] == "prior":
            yield f"Before any evidence, for {step['label']}", "", bits
        elif bits and step["kind"] == "cap":
            yield f"Limit for related answers: {step['label']}", step["reason"], bits
        elif bits:
            yield f"{titles.get(step['label'], step['label'])} [{step['label']}]", "", bits


def link_sentence(subject_id: str, link: Mapping[str, Any]) -> str:
    """Say one link of a subject, without its reasons."""
    others = [other for other in link["subjects"] if other != subject_id]
    named = ", ".join(others[:6]) + (f" and {len(others) - 6} more" if len(others) > 6 else "")
    if link["kind"] == "persona":
        return f"The records of {named} may be of the same person ({odds(link['probability'])})."
    if link.get("things"):
        shared = _and([shared_thing(thing) for thing in link["things"]])
        return f"Belongs to a {link['thing']} ({link['id']}) with {named}, by {shared}."
    return f"Shares {shared_thing(link)} with {named}."


def shared_thing(link: Mapping[str, Any]) -> str:
    """Name what a link is about, with its label as this viewer may see it; nothing for a persona."""
    if link.get("things"):
        return _and(sorted({shared_thing({**thing, "label": None}) for thing in link["things"]}))
    thing = link.get("thing")
    if thing is None:
        return ""
    label = f" {link['label']}" if link["label"] else ""
    return f"{_THINGS.get(thing, thing.replace('_', ' '))}{label}"


_THINGS = {
    "egress": "the internet line",
    "gateway": "the network router",
    "device": "the device",
    "mfa_device": "the authenticator",
    "bank": "the bank account",
    "wallet": "the wallet",
    "phone": "the telephone number",
    "mail": "the mail address",
    "address": "the address",
    "code_host": "the code-host account",
    "document": "the document",
    "document_template": "the make of a document",
    "resume_text": "the résumé text",
    "photo": "the photograph",
    "recovery_mail": "the recovery mail address",
}


def _rounded(number: float) -> int:
    """Round to two digits: more would claim what nobody knows."""
    return int(float(f"{number:.2g}"))


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
