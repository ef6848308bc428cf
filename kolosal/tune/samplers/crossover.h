// How numbers of parents become those of a child, for genetic samplers.
//
// Kinds    sbx        simulated binary: near one of two parents, the nearer the higher `eta` is
//          vsbx       the same, but no part of the range is left out
//          uniform    that of one of two parents
//          blx_alpha  anywhere between two parents, and `alpha` of their distance beyond
//          spx        in the simplex of three parents, drawn out from its centre by `epsilon`; all numbers together
//          undx       normal about the middle of two parents, along their line by `sigma_xi` of their distance, and across it by
//          `sigma_eta`
//                     of the third's distance from the line; all numbers together
// What falls outside of the range is drawn again some times, then moved to the border. Choices are not crossed so.
//
// Source   Deb and Agrawal, Complex Systems 9, 1995 (sbx); Ballester and Carter, GECCO 2004 (vsbx); Eshelman and Schaffer, FOGA 1993 (blx);
//          Tsutsui et al., GECCO 1999 (spx); Ono and Kobayashi, ICGA 1997 (undx); constants as in Optuna 5.
// Checked  crossover_test.cc.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "kolosal/base/fields.h"
#include "kolosal/base/random.h"

namespace kolosal {

/// See the top of the file.
enum class CrossoverKind { Sbx, Vsbx, Uniform, BlxAlpha, Spx, Undx };

/// See the top of the file.
struct Crossover {
  CrossoverKind kind = CrossoverKind::Sbx;
  std::optional<double> eta;        ///< of sbx and vsbx; 20
  std::optional<double> alpha;      ///< of blx_alpha; 0.5
  std::optional<double> epsilon;    ///< of spx; the root of the dimensions and 2
  std::optional<double> sigma_xi;   ///< of undx; 0.5
  std::optional<double> sigma_eta;  ///< of undx; 0.35 by the root of the dimensions

  /// From the name of a kind, or an object with "kind" and what that kind has. Throws Error(BadValue) that begins with `name`.
  static Crossover from_value(const Value& value, const std::string& name);

  /// Whether all numbers are crossed together, those of three parents.
  bool is_joint() const noexcept { return kind == CrossoverKind::Spx || kind == CrossoverKind::Undx; }
  /// A number of a child of a and b, all in [low, high]; not where the kind is joint. `second` is whether it lies on b's side, or, where
  /// it is one of the two, is b.
  double number(double a, double b, double low, double high, bool second, RandomStream& stream) const;
  /// The numbers, in [0, 1], of a child of three parents, each with as many; where the kind is joint.
  std::vector<double> point(const std::array<std::vector<double>, 3>& parents, RandomStream& stream) const;
};

/// Their names, bounds and texts.
void describe(Fields<Crossover>& f);

}  // namespace kolosal
