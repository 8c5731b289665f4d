"""What a ticket is about, told by its words: sure ones only, and the same from every ticket system."""

import re

import pytest

from pickglass.lake.engine import connect, literal
from pickglass.sources.definitions import definitions

SOURCES = ("servicenow_tickets", "servicenow_tickets_list", "jira_issues", "jira_issues_csv")


def rules(source: str) -> tuple[str, str]:
    """Return the SQL that cleans a ticket's words, and the one that sorts them."""
    sql = definitions()[source].tables["ticket"]
    clean = re.search(r"SELECT \*, (regexp_replace\(.*\)) AS text FROM", sql)
    cases = re.search(
        r"(CASE WHEN regexp_matches\(text, 'identity theft.*?ELSE 'other' END) AS category", sql, re.S
    )
    assert clean is not None
    assert cases is not None
    return clean[1], re.sub(r"\s+", " ", cases[1])


def category(text: str) -> str:
    clean, cases = rules(SOURCES[0])
    connection = connect()
    try:
        found = connection.execute(
            f"SELECT {cases} FROM (SELECT {clean} AS text FROM (SELECT {literal(text)} AS words))"
        ).fetchall()
    finally:
        connection.close()
    return str(found[0][0])


def test_every_ticket_system_is_sorted_by_the_same_rules() -> None:
    assert len({rules(source) for source in SOURCES}) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Can I use my own laptop instead of the company one", "own_device"),
        ("BYOD exception", "own_device"),
        ("Request VDI access instead of laptop", "virtual_desktop"),
        ("I would prefer a virtual desktop", "virtual_desktop"),
        ("Please ship the laptop to a different address", "address_change"),
        ("Ship replacement to my sister's house", "address_change"),
        ("New delivery\naddress", "address_change"),
        ("Request access to repo payments", "access"),
        ("Could I get an advance on my first salary", "advance_pay"),
        ("Pay me in USDT please", "crypto_pay"),
        ("Identity verification: please join live video check", "verification_request"),
        ("Employee declined the identity verification", "verification_declined"),
        ("No-show for ID check", "verification_missed"),
        ("Need to reschedule my in-person onboarding", "in_person_postponed"),
        ("Performance improvement plan for a colleague", "performance_notice"),
        ("Someone used my name and social security number to work for you", "identity_complaint"),
        ("Let's continue on Telegram", "platform_switch"),
    ],
)
def test_plain_words_are_understood(text: str, expected: str) -> None:
    assert category(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Laptop broken, need my own charger",
        "Email address change after marriage",
        "Static IP: need new IP address",
        "Server 12: new address for backup server",
        "VDI is slow since monday",
        "Cannot open Outlook",
        "Reschedule on-site AC maintenance",
        "pip install fails",
        "Signal weak on wifi, contact network team",
        "Phishing: impersonation of CEO",
        "confirm identity provider settings",
        "Deliver training material to another location",
        "Password reset",
    ],
)
def test_words_that_only_sound_alike_are_left_alone(text: str) -> None:
    assert category(text) == "other"
