"""What a demand looks like: its terms, and the hosts on which proof is shared."""

from __future__ import annotations

import re

# What demands and threats say, matched on text with single spaces. Each pattern is bounded, so a search takes
# linear time. Topics, never language: a mail in another language simply has no terms.
TERMS: dict[str, str] = {
    "cryptocurrency": r"\b(?:bitcoins?|btc|monero|xmr|usdt|tether|ethereum|crypto(?:currenc(?:y|ies))?)\b",
    "ransom": r"\b(?:ransom|extortion)\b",
    "leak": r"\b(?:leak|leaks|leaked|leaking)\b",
    "publish": (
        r"\b(?:publish|publicly release|release publicly"
        r"|make (?:it|them|this|everything|your \w{1,20}) public)"
    ),
    "sell your data": (
        r"\b(?:sell|auction|sold|auctioned)\b[^.]{0,40}"
        r"\b(?:data|files?|code|documents?|database|information)\b"
    ),
    "stolen data": (
        r"\b(?:(?:we|i) (?:have |also )?(?:downloaded|copied|stolen|exfiltrated|taken)\b"
        r"|(?:downloaded|copied|stole|exfiltrated|have|took)\b[^.]{0,30}"
        r"\byour (?:\w{1,20} ){0,2}(?:data|files|code|source|documents|database|repositor))"
    ),
    "pay": (
        r"\b(?:pay|payment|send|transfer)\b[^.]{0,60}"
        r"(?:\$|€|£|\b(?:usd|eur|btc|bitcoins?|xmr|usdt|dollars|ransom)\b)"
    ),
    "deadline": (
        r"\b(?:within|in|have|after) (?:\d{1,3}|one|two|three|five|seven)[- ]?(?:hours?|hrs?|days?)\b"
        r"|\bdeadline\b"
    ),
    "contact the press or clients": (
        r"\b(?:inform|contact|notify|email|tell|send to)\b[^.]{0,40}"
        r"\b(?:clients|customers|competitors|journalists|regulators?|press|media|partners)\b"
    ),
    "proof": (
        r"\b(?:proof|sample|evidence)\b[^.]{0,30}\b(?:attached|data|files|archive|zip|below|we have)\b"
    ),
    "do not call police": (
        r"\b(?:do not|don'?t)\b[^.]{0,30}\b(?:police|fbi|law enforcement|authorities)\b"
    ),
    "dark web": r"\b(?:dark ?web|dark ?net|onion site|tor browser)\b",
}  # fmt: skip
_TERMS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in TERMS.items()}

SHARE_HOSTS = frozenset({
    "1drv.ms", "anonfiles.com", "bayfiles.com", "box.com", "catbox.moe",
    "db.tt", "docs.google.com", "drive.google.com", "drive.proton.me", "dropbox.com",
    "dropboxusercontent.com", "file.io", "filebin.net", "files.fm", "gofile.io",
    "icloud.com", "mediafire.com", "mega.co.nz", "mega.io", "mega.nz",
    "onedrive.live.com", "pcloud.com", "pcloud.link", "pixeldrain.com", "send.cm",
    "sendspace.com", "sharepoint.com", "swisstransfer.com", "sync.com", "transfer.sh",
    "we.tl", "wetransfer.com",
})  # fmt: skip


def terms_in(text: str) -> list[str]:
    """Name the topics of demand or threat that a text with single spaces speaks of."""
    return [name for name, pattern in _TERMS.items() if pattern.search(text)]


def is_share(host: str) -> bool:
    """Say whether a host, or a name above it, serves files that anybody may put there."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in SHARE_HOSTS for start in range(len(labels) - 1))
