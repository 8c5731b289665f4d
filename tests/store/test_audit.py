"""No action goes without its entry in the log, and no entry is changed, removed or added unnoticed."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from pickglass.errors import NotAllowed
from pickglass.settings import Settings
from pickglass.store import Store, audit, open_store, tables


def write(store: Store, count: int) -> None:
    for number in range(count):
        audit.record(
            store,
            actor="ada",
            action="view",
            object=f"S-{number}",
            reason="ticket 7 · ünï",
            details={"n": number, "share": 0.1, "none": None},
        )


def unguard(store: Store) -> None:
    """Take away the guard that the database itself keeps, as somebody with all rights could."""
    with store.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_no_update"))
            connection.execute(text("DROP TRIGGER audit_no_delete"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_change ON audit"))


def test_an_untouched_chain_is_proved(store: Store) -> None:
    assert audit.verify(store) == audit.Chain(0, audit.START)
    write(store, 5)
    chain = audit.verify(store)
    assert chain.whole
    assert chain.entries == 5
    newest, *_ = audit.entries(store)
    assert newest.hash == chain.head
    assert newest.details == {"n": 4, "none": None, "share": 0.1}
    assert [entry.sequence for entry in audit.entries(store, object="S-2")] == [3]
    assert [entry.sequence for entry in audit.entries(store, actor="ada", action="view", limit=2)] == [5, 4]


def test_the_database_itself_refuses_change_and_removal(store: Store) -> None:
    write(store, 1)
    for change in (update(tables.audit).values(actor="eve"), delete(tables.audit)):
        with pytest.raises(DBAPIError, match="append-only"), store.writing() as connection:
            connection.execute(change)
    assert audit.verify(store).entries == 1


def change_actor(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(tables.audit).where(tables.audit.c.sequence == 3).values(actor="eve"))


def change_details(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(tables.audit).where(tables.audit.c.sequence == 3).values(details="{}"))


def change_and_hash_again(store: Store) -> None:
    with store.writing() as connection:
        wanted = select(tables.audit).where(tables.audit.c.sequence == 3)
        row = dict(connection.execute(wanted).mappings().one())
        row["reason"] = "another"
        row["hash"] = audit._hash(row)
        connection.execute(update(tables.audit).where(tables.audit.c.sequence == 3).values(row))


def remove(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.sequence == 3))


def remove_the_end(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(delete(tables.audit).where(tables.audit.c.sequence > 3))


def add_at_the_end(store: Store) -> None:
    with store.writing() as connection:
        wanted = select(tables.audit).where(tables.audit.c.sequence == 5)
        row = dict(connection.execute(wanted).mappings().one())
        row |= {"sequence": 6, "previous_hash": row["hash"]}
        row["hash"] = audit._hash(row)
        connection.execute(insert(tables.audit).values(row))


@pytest.mark.parametrize(
    ("tamper", "broken_at", "why"),
    [
        (change_actor, 3, "was changed"),
        (change_details, 3, "was changed"),
        (change_and_hash_again, 4, "does not follow"),
        (remove, 3, "is missing"),
        (remove_the_end, 4, "after 3 are missing"),
        (add_at_the_end, 7, "missing"),
    ],
)
def test_the_broken_link_is_named(
    store: Store, tamper: Callable[[Store], None], broken_at: int, why: str
) -> None:
    write(store, 5)
    unguard(store)
    tamper(store)
    chain = audit.verify(store)
    assert not chain.whole
    assert chain.broken_at == broken_at
    assert why in chain.why


def test_a_wholly_forged_chain_is_noticed_by_what_was_noted_down(store: Store) -> None:
    write(store, 3)
    noted = audit.verify(store)
    unguard(store)
    with store.writing() as connection:
        connection.execute(delete(tables.audit))
        connection.execute(
            update(tables.head).where(tables.head.c.name == "audit").values(sequence=0, hash=audit.START)
        )
    write(store, 2)
    assert audit.verify(store).whole
    assert not audit.verify(store, (noted.entries, noted.head)).whole
    write(store, 2)
    assert audit.verify(store, (noted.entries, noted.head)).broken_at == 3


def test_an_action_without_an_actor_is_refused(store: Store) -> None:
    with pytest.raises(NotAllowed):
        audit.record(store, actor=" ", action="view", object="S-1")
    assert audit.verify(store).entries == 0


def test_an_entry_and_its_action_stand_or_fall_together(store: Store) -> None:
    def act_and_fail() -> None:
        with store.writing() as connection:
            audit.append(connection, actor="ada", action="view", object="S-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    assert audit.verify(store) == audit.Chain(0, audit.START)


WRITER = """
import sys
from pickglass.settings import load_settings
from pickglass.store import audit, open_store

with open_store(load_settings(sys.argv[1], {"PICKGLASS_STORE_URL": sys.argv[2]})) as store:
    for number in range(40):
        audit.record(store, actor=sys.argv[3], action="view", object=f"S-{number}")
"""


def test_two_processes_that_write_at_once_make_one_chain(settings: Settings) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, settings.home, settings.store_url, name])
        for name in ("ada", "bob")
    ]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    with open_store(settings) as store:
        chain = audit.verify(store)
        assert (chain.whole, chain.entries) == (True, 80)
        assert len(audit.entries(store, actor="bob")) == 40
