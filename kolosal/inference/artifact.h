// Artifact: one file without code in it that holds a Value, its NumberArrays as aligned, checksummed sections.
//
// Layout (all numbers little-endian), documented byte by byte in docs/artifact-format.md: preamble (magic, format version, lengths,
// checksums); summary (JSON); content (JSON, with each NumberArray replaced by a reference to its section); section table; sections
// aligned to 64 bytes, each with its checksum; file checksum. The same summary and content always give the same bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "kolosal/base/value.h"

namespace kolosal {

/// Writes `content` to `path` atomically. `summary` is a small object that read_artifact_summary returns without reading the sections.
/// NaN and infinities survive inside NumberArrays only. Throws Error(Internal) that names the member which holds one elsewhere, a
/// NumberArray in the summary, keys that repeat or are not UTF-8, or more than 64 levels; Error(Io) as write_file_atomically. The old file
/// stays on any error.
void write_artifact(const std::string& path, const Value& summary, const Value& content);

/// The bytes that write_artifact would write. Errors as write_artifact, but for Io.
std::string artifact_bytes(const Value& summary, const Value& content);

/// The content of an artifact; NumberArrays point into the mapped file. Throws Error(CorruptArtifact) on any truncation,
/// flipped bit or impossible length, Error(UnsupportedVersion) for a newer format, and Error(Io) where there is no such file.
Value read_artifact(const std::string& path);

/// The content of an artifact in memory; NumberArrays point into `bytes`, which `owner` keeps alive (into a copy where `bytes` is
/// not aligned to 64 bytes). Errors as read_artifact.
Value read_artifact_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

/// The summary alone, without loading the sections. Errors as read_artifact for the part it reads.
Value read_artifact_summary(const std::string& path);

}  // namespace kolosal
