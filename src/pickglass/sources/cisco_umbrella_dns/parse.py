"""Umbrella's DNS logs in a bucket: quoted values without a header, in an order that only ever grows at its end."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any

_COLUMNS = (
    "timestamp",
    "policyIdentity",
    "identities",
    "internalIp",
    "externalIp",
    "action",
    "queryType",
    "responseCode",
    "domain",
    "categories",
    "policyIdentityType",
    "identityTypes",
    "blockedCategories",
    "ruleId",
    "destinationCountries",
    "organizationId",
)
_LEAST = 9  # up to the domain


def parse(raw: bytes) -> Mapping[str, Any]:
    """Name the values of one line; newer versions of the log have more of them than older ones."""
    text = raw.decode("utf-8", "replace")
    try:
        values = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error as error:
        return {"problem": str(error)}
    if values and values[0].strip('"').lower() == "timestamp":
        return {"problem": "a header, which these logs have only where it was switched on"}
    if len(values) < _LEAST:
        return {"problem": f"{len(values)} values, a DNS log has at least {_LEAST}"}
    return {name: value for name, value in zip(_COLUMNS, values, strict=False) if value}
