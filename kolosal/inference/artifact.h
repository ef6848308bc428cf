// Artifact: one file without code in it that holds a Value, its NumberArrays as aligned, checksummed sections.
//
// Layout (all numbers little-endian), documented byte by byte in docs/artifact-format.md:
// magic, format version, header length and checksum; header (JSON, with each NumberArray replaced by a reference to its
// section); section table; sections aligned to 64 bytes, each with its checksum; file checksum.
#pragma once

#include <string>

#include "kolosal/base/value.h"

namespace kolosal {

/// Writes `content` to `path` atomically. `summary` is a small object that read_artifact_summary returns without reading the sections.
void write_artifact(const std::string& path, const Value& summary, const Value& content);

/// The content of an artifact; NumberArrays point into the mapped file. Throws Error(CorruptArtifact) on any truncation,
/// flipped bit or impossible length, and Error(UnsupportedVersion) for a newer format.
Value read_artifact(const std::string& path);

/// The summary alone, without loading the sections. Errors as read_artifact for the part it reads.
Value read_artifact_summary(const std::string& path);

}  // namespace kolosal
