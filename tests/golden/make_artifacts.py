"""Writes the golden artifacts of format version 1, and prints the worked example of docs/artifact-format.md.

A second writer of the format, made from docs/artifact-format.md alone: that the C++ writer gives the same bytes (artifact_test.cc) shows
that the page is true. Run from anywhere:

    python3 tests/golden/make_artifacts.py            # writes tests/golden/*-v1.kolosal beside itself
    python3 tests/golden/make_artifacts.py --example  # prints the hex dump of example-v1.kolosal

The files stay as they are forever; a newer format gets files of its own.
"""

import json
import struct
import sys
from pathlib import Path

TYPES = {"f4": 0, "f8": 1, "i1": 2, "u1": 3, "i2": 4, "u2": 5, "i4": 6, "u4": 7, "i8": 8, "u8": 9}
FORMATS = {"f4": "f", "f8": "d", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}


def crc32c(data: bytes, before: int = 0) -> int:
    """CRC-32C (Castagnoli), bit by bit."""
    crc = before ^ 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Numbers:
    """Numbers of one type, stored as a section."""

    def __init__(self, kind: str, values: list[float]) -> None:
        self.kind = kind
        self.bytes = struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)
        self.size = len(values)


def encoded(value: object, sections: list[Numbers]) -> object:
    """The tree with references in place of numbers and of texts that are not UTF-8."""
    if isinstance(value, Numbers):
        sections.append(value)
        return {"$section": len(sections) - 1}
    if isinstance(value, bytes):
        sections.append(Numbers("u1", list(value)))
        return {"$text": len(sections) - 1}
    if isinstance(value, list):
        return [encoded(element, sections) for element in value]
    if isinstance(value, dict):
        marked = len(value) == 1 and next(iter(value)).startswith("$")
        return {("$" if marked else "") + key: encoded(member, sections) for key, member in value.items()}
    return value


def json_bytes(value: object) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def padding(length: int) -> bytes:
    """Zero bytes up to the next multiple of 64."""
    return bytes(-length % 64)


def artifact(summary: dict[str, object], content: object) -> bytes:
    """All bytes of an artifact."""
    sections: list[Numbers] = []
    summary_text = json_bytes(summary)
    content_text = json_bytes(encoded(content, sections))
    end = 56 + len(summary_text) + len(content_text) + 32 * len(sections)
    table = b""
    for section in sections:
        offset = end + len(padding(end))
        table += struct.pack("<QQQII", offset, len(section.bytes), section.size, TYPES[section.kind], crc32c(section.bytes))
        end = offset + len(section.bytes)
    preamble = b"KOLOSAL\x1a" + struct.pack("<IIQQQQ", 1, 0, end + 4, len(summary_text), len(content_text), len(sections))
    preamble += struct.pack("<I", crc32c(summary_text))
    preamble += struct.pack("<I", crc32c(preamble))
    file = preamble + summary_text + content_text + table
    outside = crc32c(file)
    for section in sections:
        outside = crc32c(padding(len(file)), outside)
        file += padding(len(file)) + section.bytes
    return file + struct.pack("<I", outside)


EXAMPLE = artifact({"rows": 3}, {"weights": Numbers("f8", [0.5, -2.0])})

EVERYTHING = artifact(
    {"title": "every kind of value", "rows": 3},
    {
        "null": None,
        "flags": [True, False],
        "integers": [0, -1, 9223372036854775807, -9223372036854775808],
        "reals": [0.5, -0.0, 1.5e300, 5e-324],
        "text": 'quote " backslash \\ newline \n café 日本',
        "broken text": b"caf\xe9",
        "empty": ["", [], {}, Numbers("f8", [])],
        "escaped": [{"$section": 0}, {"$$": 1}, {"$a": 1, "$section": 2}],
        "float32": Numbers("f4", [1.5, float("inf")]),
        "float64": Numbers("f8", [0.1, float("-inf"), -0.0]),
        "int8": Numbers("i1", [-128, 127]),
        "uint8": Numbers("u1", [0, 255, 7]),
        "int16": Numbers("i2", [-32768, 32767]),
        "uint16": Numbers("u2", [65535]),
        "int32": Numbers("i4", [-2147483648, 2147483647]),
        "uint32": Numbers("u4", [4294967295]),
        "int64": Numbers("i8", [-9223372036854775808]),
        "uint64": Numbers("u8", [18446744073709551615]),
        "nested": [{"deep": [Numbers("u1", [1])]}],
    },
)


def main() -> None:
    """Writes the files, or prints the example."""
    if "--example" in sys.argv:
        for at in range(0, len(EXAMPLE), 16):
            print(f"{at:04x}  {EXAMPLE[at : at + 16].hex(' ')}")
        return
    folder = Path(__file__).resolve().parent
    (folder / "example-v1.kolosal").write_bytes(EXAMPLE)
    (folder / "everything-v1.kolosal").write_bytes(EVERYTHING)


if __name__ == "__main__":
    main()
