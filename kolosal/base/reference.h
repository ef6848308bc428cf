// Texts made from a parameter table: command-line help, reference pages, Python signatures and stubs, forms.
#pragma once

#include <string>
#include <string_view>

#include "kolosal/base/fields.h"
#include "kolosal/base/value.h"

namespace kolosal {

/// "--learning-rate".
std::string flag_name(std::string_view field_name);

/// One entry a field: the flag, what it takes, its sentence, default, bounds and environment variable. `width` columns.
std::string help_text(const ParameterTable& table, size_t width = 100);

/// A Markdown table with a row for each field: name, type, default, allowed, meaning; members of nested objects as `a.b`.
std::string reference_markdown(const ParameterTable& table);

/// The type hint: "float", "int | None", "Literal['l1', 'l2']", "list[str]", "dict[str, Any]".
std::string python_type(const FieldSpec& field);
/// The default as Python writes it: "0.1", "None", "True", "'mean'", "float('inf')".
std::string python_literal(const Value& value);
/// "learning_rate: float = 0.1, max_depth: int | None = None": all fields, for a keyword-only signature.
std::string python_signature(const ParameterTable& table);
/// The entries of a NumPy-style "Parameters" section.
std::string python_parameter_docs(const ParameterTable& table);

/// A JSON Schema (draft 2020-12) object for the fields: what web forms and editors check against.
Value parameter_schema(const ParameterTable& table);

}  // namespace kolosal
