"""What a résumé's text states about its writer: name, mails, telephones, profiles; whether it is a résumé at all.

Every pattern has a fixed length, so that no text can keep it busy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

MAXIMUM_TEXT = 200_000  # characters that are looked at
MAXIMUM_FOUND = 20  # mails, telephones, profiles

_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])", re.ASCII
)
_FOREIGN = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ().\-/]{0,2}\d){7,14}(?!\d)")
# Three, three and four digits in groups are a North American number: only those lands write them so.
_AMERICAN = re.compile(
    r"(?<![\w+.\-/])(?:\+?1[ .\-]{0,2})?\(?([2-9]\d\d)\)?[ .\-]{1,2}([2-9]\d\d)[ .\-]{1,2}(\d{4})(?![\w\-/])"
)
_LABELLED = re.compile(
    r"(?i)\b(?:phone|mobile|cell|tel(?:efon|ephone)?|handy|m[oó]vil)\b[ .:]{0,4}(\(?\d(?:[ ().\-/]{0,2}\d){6,14})(?!\d)"
)
_PROFILE = re.compile(
    r"(?i)(?<![\w.])(?:https?://)?(?:www\.|[a-z]{2}\.)?(github\.com|gitlab\.com|bitbucket\.org|linkedin\.com/in)/@?([\w%.-]{1,100})"
)
_NO_PERSON = frozenset(
    {"orgs", "features", "topics", "about", "sponsors", "marketplace", "settings", "login", "join", "explore", "site"}
)  # fmt: skip
_HEADING = re.compile(
    r"(?im)^[\W_]{0,8}(?:(?:work|professional|relevant|career|technical|core|key)\s{1,3})?"
    r"(experience|employment(?:\s{1,3}history)?|history|education|skills|certifications?|summary|profile|objective|projects"
    r"|languages|references|qualifications|achievements|publications|curriculum\s{1,3}vitae|r[eé]sum[eé]|cv|about\s{1,3}me|contact"
    r"|lebenslauf|berufserfahrung|ausbildung|kenntnisse|experiencia(?:\s{1,3}laboral)?|educaci[oó]n|habilidades"
    r"|exp[eé]riences?(?:\s{1,3}professionnelles?)?|formation|comp[eé]tences|opleiding|werkervaring|vaardigheden)[\W_]{0,8}$"
)
_CURRICULUM = re.compile(r"(?i)\b(curriculum\s{1,3}vitae|r[eé]sum[eé]|lebenslauf)\b")
_WORD = re.compile(r"[^\W\d_][^\W\d_'’.\-]*(?:[-'’][^\W\d_]+)*\.?")
_NO_NAME = re.compile(
    r"(?i)\b(curriculum|vitae|r[eé]sum[eé]|lebenslauf|profile|summary|engineer|developer|manager|designer|analyst|architect"
    r"|consultant|senior|junior|lead|software|data|full|stack|contact|address|experience|education|street|page|objective)\b"
)


def statements_in(text: str, links: Iterable[str] = ()) -> dict[str, Any]:
    """Find what a résumé's text and links state; the text goes along for its sketch, without name and contact data.

    Whoever copies a résumé changes exactly these: left in, they would hide in a short text that the rest is the same.
    """
    text = text.replace("\x00", " ")[:MAXIMUM_TEXT]
    searched = text + "\n" + "\n".join(link[:300] for link in islice(links, 200))
    searched = re.sub(r"(?i)\bmailto:", " ", searched)
    mails = list(dict.fromkeys(mail.lower() for mail in _all(_MAIL, searched)))[:MAXIMUM_FOUND]
    handles = list(_handles(searched))[:MAXIMUM_FOUND]
    phones = list(_phones(searched))[:MAXIMUM_FOUND]
    headings = {match[1].lower() for match in islice(_HEADING.finditer(text), 500)}
    name = _name(text)
    return {
        "text": _without_contacts(text, name),
        "is_resume": len(headings) >= 2 or bool((headings or mails) and _CURRICULUM.search(text[:2000])),
        "name": name,
        "mails": mails,
        "phones": phones,
        "handles": handles,
        "photos": [],
        "author": None,
        "producer": None,
        "created": None,
        "modified": None,
    }


def _without_contacts(text: str, name: str | None) -> str:
    for pattern in (_PROFILE, _MAIL, _FOREIGN, _AMERICAN, _LABELLED):
        text = pattern.sub(" ", text)
    if name:
        text = re.sub(r"(?i)" + r"\s+".join(map(re.escape, name.split())), " ", text)
    return text.strip()


def _all(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (match.group() for match in islice(pattern.finditer(text), 500))


def _phones(text: str) -> Iterator[dict[str, str | None]]:
    seen = set[str]()
    found: list[tuple[str, str | None]] = [
        *((number, None) for number in _all(_FOREIGN, text)),
        *(("".join(match.groups()), "US") for match in islice(_AMERICAN.finditer(text), 500)),
        *((match[1], None) for match in islice(_LABELLED.finditer(text), 500)),
    ]
    for number, country in found:
        digits = re.sub(r"\D", "", number)[-10:]  # one number, written with its country or without
        if digits not in seen:
            seen.add(digits)
            yield {"number": number, "country": country}


def _handles(text: str) -> Iterator[dict[str, str]]:
    seen = set[str]()
    for match in islice(_PROFILE.finditer(text), 500):
        host, handle = match[1].lower(), match[2].lower().rstrip(".")
        if not handle or handle in _NO_PERSON:
            continue
        value = f"{host.partition('.')[0]}:{handle}"
        if value not in seen:
            seen.add(value)
            yield {"kind": "account" if host.startswith("linkedin") else "code_host", "value": value}


def _name(text: str) -> str | None:
    """Take the first line for the name if it is two to four words with capitals and nothing else."""
    line = next((stripped for one in text[:2000].split("\n") if (stripped := one.strip())), "")
    words = line.split()
    if not 2 <= len(words) <= 4 or len(line) > 50 or _NO_NAME.search(line):
        return None
    if not all(_WORD.fullmatch(word) for word in words):
        return None
    if not (words[0][0].isupper() and words[-1][0].isupper()):
        return None
    return " ".join(words)
