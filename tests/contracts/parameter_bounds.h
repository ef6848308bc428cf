// What the parameters of every entry of a catalog promise: a bound is allowed, its neighbour is refused by name.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kolosal/base/catalog.h"

namespace kolosal {

/// The values just outside the bounds of a field.
inline std::vector<Value> values_outside(const FieldSpec& field) {
  std::vector<Value> values;
  const double infinity = std::numeric_limits<double>::infinity();
  if (field.type == FieldType::Integer) {
    if (field.min) values.emplace_back(static_cast<int64_t>(*field.min) - (field.min_excluded ? 0 : 1));
    if (field.max) values.emplace_back(static_cast<int64_t>(*field.max) + 1);
  } else if (field.type == FieldType::Real) {
    if (field.min) values.emplace_back(field.min_excluded ? *field.min : std::nextafter(*field.min, -infinity));
    if (field.max) values.emplace_back(std::nextafter(*field.max, infinity));
    values.emplace_back(std::nan(""));
  }
  return values;
}

/// Every entry refuses the neighbour of each bound and names the field; returns how many values were tried.
template <class Made>
size_t expect_neighbours_of_bounds_refused(const Catalog<Made>& catalog) {
  size_t n_tried = 0;
  for (const CatalogEntry<Made>& entry : catalog.entries())
    for (const FieldSpec& field : entry.parameters.fields)
      for (const Value& value : values_outside(field)) {
        ++n_tried;
        try {
          entry.make(Value(Value::Object{{field.name, value}}));
          ADD_FAILURE() << entry.name << "." << field.name << " took " << value.as_real();
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ErrorCode::BadValue);
          EXPECT_NE(error.message().find(entry.name + "." + field.name), std::string::npos) << error.message();
        }
      }
  return n_tried;
}

/// Every entry takes the bounds themselves; those of `but` ("entry.field") only go together with other parameters.
template <class Made>
void expect_bounds_allowed(const Catalog<Made>& catalog, const std::vector<std::string>& but = {}) {
  for (const CatalogEntry<Made>& entry : catalog.entries())
    for (const FieldSpec& field : entry.parameters.fields)
      for (const auto& bound : {field.min, field.max}) {
        const bool is_number = field.type == FieldType::Integer || field.type == FieldType::Real;
        if (!bound || !is_number || (field.min_excluded && bound == field.min)) continue;
        if (std::ranges::find(but, entry.name + "." + field.name) != but.end()) continue;
        EXPECT_NO_THROW(entry.make(Value(Value::Object{{field.name, Value(*bound)}}))) << entry.name << "." << field.name;
      }
}

}  // namespace kolosal
