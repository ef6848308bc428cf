// Decimal digits to float64.
#pragma once

#include <optional>
#include <string_view>

namespace kolosal {

/// The float64 nearest to digits with at most one point among them, without sign or exponent ("12", ".5", "0.0125"); of two as near
/// the even one. Nothing where the text is anything else, or has more significant digits than the 19 that always fit into 64 bits.
std::optional<double> parse_decimal(std::string_view text, char decimal_point) noexcept;

}  // namespace kolosal
