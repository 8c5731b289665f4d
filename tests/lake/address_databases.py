"""Writes small address databases in MaxMind's format (version 2, IPv6 tree, records of 24 bits), for tests."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any


def encoded(value: Any) -> bytes:
    """Encode one value of the data section."""
    if isinstance(value, bool):
        return bytes([0x00 | int(value), 14 - 7])
    if isinstance(value, str):
        raw = value.encode()
        assert len(raw) < 29
        return bytes([0x40 | len(raw)]) + raw
    if isinstance(value, float):
        import struct

        return b"\x68" + struct.pack(">d", value)
    if isinstance(value, int):
        return b"\xc4" + value.to_bytes(4, "big")  # 32 bits
    if isinstance(value, bytes):  # a number of another length, given as its bytes: 16 or 64 bits
        return (b"\xa2" if len(value) == 2 else b"\x08\x02") + value
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(encoded, value))
    assert isinstance(value, dict)
    return bytes([0xE0 | len(value)]) + b"".join(encoded(key) + encoded(its) for key, its in value.items())


def short(number: int) -> bytes:
    """Give a number as 16 bits."""
    return number.to_bytes(2, "big")


def address_database(
    path: Path, type: str, built: datetime, records: Mapping[str, Mapping[str, Any]]
) -> Path:
    """Write a database of a type, built at a moment, with a record for each network."""
    nodes: list[list[Any]] = [[None, None]]
    data = b""
    for text, record in records.items():
        network = ipaddress.ip_network(text)
        bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[: network.prefixlen]
        if network.version == 4:
            bits = "0" * 96 + bits
        node = 0
        for bit in bits[:-1]:
            step = nodes[node][int(bit)]
            if step is None:
                nodes.append([None, None])
                step = nodes[node][int(bit)] = len(nodes) - 1
            node = step
        nodes[node][int(bits[-1])] = ("data", len(data))
        data += encoded(dict(record))
    count = len(nodes)

    def pointer(value: Any) -> bytes:
        number = count if value is None else value if isinstance(value, int) else count + 16 + value[1]
        return int(number).to_bytes(3, "big")

    tree = b"".join(pointer(left) + pointer(right) for left, right in nodes)
    about = {
        "node_count": count, "record_size": short(24), "ip_version": short(6), "database_type": type, "languages": ["en"],
        "binary_format_major_version": short(2), "binary_format_minor_version": short(0),
        "build_epoch": int(built.timestamp()).to_bytes(8, "big"),
        "description": {"en": "made up"},
    }  # fmt: skip
    path.write_bytes(tree + b"\0" * 16 + data + b"\xab\xcd\xefMaxMind.com" + encoded(about))
    return path
