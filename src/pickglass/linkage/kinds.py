"""What is known of each kind of thing before anybody shares it: how much it can say, and whom it can link.

All chances are assumptions, for nobody has published them; they are stated here once so that they can be
argued with. A couple is the honest explanation that must always be weighed: it shares a flat as surely as one
operator does, an account often, an authenticator almost never. What a couple shares hangs together, so its
chances are set high.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sameness:
    """How often a kind is shared by two personas of one person, by a couple, and by strangers."""

    one_person: float
    household: float
    strangers: float


@dataclass(frozen=True, slots=True)
class ThingKind:
    """One kind of thing: its words, the most it can say, and from when on it is common."""

    words: str
    bound: int  # hundredths of a bit that sharing it with one other can say at most
    limit: int = 12  # shared by more subjects than this it is common: a campus, a carrier, an agency
    by_share: bool = True  # common as well when more than a small share of all subjects have it
    days: int = 1  # whoever used it on fewer days was a guest
    place: bool = False  # a place: one honest explanation must cover everybody in it
    passes_on: bool = False  # honest people have it one after the other: flats, laptops, phone numbers
    sameness: Sameness | None = None  # strong enough to tell persons apart


KINDS: dict[str, ThingKind] = {
    "address": ThingKind("address", 750, place=True, passes_on=True),
    "egress": ThingKind("internet line", 700, days=3, place=True, passes_on=True),
    "gateway": ThingKind("router or access point", 800, days=3, place=True, passes_on=True),
    "device": ThingKind("device", 800, passes_on=True, sameness=Sameness(0.4, 0.25, 1e-5)),
    "mfa_device": ThingKind(
        "authenticator", 1000, limit=50, by_share=False, sameness=Sameness(0.5, 0.003, 1e-7)
    ),
    "bank": ThingKind("bank account", 900, limit=50, by_share=False, sameness=Sameness(0.4, 0.25, 1e-7)),
    "wallet": ThingKind("wallet", 900, limit=50, by_share=False, sameness=Sameness(0.4, 0.1, 1e-7)),
    "phone": ThingKind("phone number", 800, passes_on=True, sameness=Sameness(0.4, 0.2, 1e-6)),
    "mail": ThingKind("mail address", 900, sameness=Sameness(0.3, 0.02, 1e-7)),
    "recovery_mail": ThingKind("recovery mail address", 900, sameness=Sameness(0.3, 0.05, 1e-7)),
    "document": ThingKind(
        "identity document", 1000, limit=50, by_share=False, sameness=Sameness(0.3, 0.0005, 1e-7)
    ),
    "document_template": ThingKind("production of a document", 700, sameness=Sameness(0.2, 0.002, 1e-3)),
    "code_host": ThingKind("code-host account", 900, sameness=Sameness(0.3, 0.002, 1e-7)),
    "resume": ThingKind("résumé text", 600, sameness=Sameness(0.4, 0.005, 1e-4)),
    "resume_text": ThingKind("résumé text", 600, sameness=Sameness(0.4, 0.005, 1e-4)),
    "resume_file": ThingKind("make of the résumé file", 400),
    "photo": ThingKind("photograph", 700),
}

_ANY = ThingKind("thing", 400)


def kind_of(name: str) -> ThingKind:
    """Tell what is known of a kind; one that nobody described says little and links no persons."""
    return KINDS.get(name, _ANY)
