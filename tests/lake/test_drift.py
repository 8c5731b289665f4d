"""What a vendor changed without a word is named: new, missing and retyped keys."""

import orjson
from tests.lake.exports import okta

from pickglass.lake.drift import ENOUGH, SAMPLE, drift
from pickglass.sources.definitions import definitions

SOURCE = definitions()["okta_system_log"]


def lines(*records: object) -> list[bytes]:
    return [orjson.dumps(record) for record in records]


def test_a_record_as_declared_drifts_in_nothing() -> None:
    found = drift(lines(okta("1", known_detail=1) | {"severity": "INFO"}), SOURCE)
    assert found.new == {"known_detail": 1}
    assert found.retyped == {}


def test_a_key_counts_as_missing_only_where_enough_records_lack_it() -> None:
    few = drift(lines(*[okta(str(n)) for n in range(ENOUGH - 1)]), SOURCE)
    many = drift(lines(*[okta(str(n)) for n in range(ENOUGH)]), SOURCE)
    assert (few.missing, few.enough) == ((), False)
    assert "device" in many.missing
    assert "uuid" not in many.missing
    assert many.enough


def test_values_of_another_type_are_named_with_their_place_and_what_they_are() -> None:
    odd = okta("1", actor="dana", target={"id": "x"}, uuid={"of": "it"})
    odd["client"] = {"geographicalContext": {"geolocation": {"lat": "north", "lon": "8.5"}}}
    assert drift(lines(okta("2"), odd), SOURCE).retyped == {
        "actor": "text, not an object",
        "client.geographicalContext.geolocation.lat": "text, not a number",
        "target": "an object, not a list",
        "uuid": "an object, not a value",
    }


def test_what_is_no_record_is_not_judged_here() -> None:
    """It becomes a reject in the mapping."""
    assert drift([b"", b"{", b"[1]", b"null"], SOURCE).document() == {}


def test_only_the_first_records_are_looked_at() -> None:
    records = [okta(str(n)) for n in range(SAMPLE)] + [okta("late", brand_new=1)]
    assert drift(lines(*records), SOURCE).new == {}


def test_a_record_of_nothing_but_keys_is_told_in_bounds() -> None:
    assert len(drift(lines({f"key {n}": 1 for n in range(5_000)}), SOURCE).new) <= 200
