// Inputs from the command line: `-i NAME=SPEC`, and random ones for the rest.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/session/session.h"
#include "tools/cli/commands.h"

namespace sardonyx {

/// A SPEC that gives elements: "1x3xf32=random(0,1)", "=1 2 3", "zeros".
struct ElementSpec {
  std::optional<Shape> shape;            // none: as the model declares it
  DataType type = DataType::kUndefined;  // likewise
  enum class Fill { kValues, kRandom, kZeros, kOnes } fill = Fill::kValues;
  std::optional<std::pair<double, double>> range;  // of kRandom
  std::vector<std::string> values;                 // of kValues
};

/// Parses [DIMxDIMx...[TYPE]][=][FILL], where FILL is random, random(LOW,HIGH), zeros, ones or
/// values divided by spaces or commas. A shape alone is random. Errors: a UsageError.
StatusOr<ElementSpec> ParseElementSpec(absl::string_view spec);

/// A tensor as `spec` says, for a model input of that type; `shape` is the input's, as far as it is
/// known, and decides where the spec has none. One value fills the whole shape.
StatusOr<Tensor> MakeTensor(const ElementSpec& spec, const Type& type, uint64_t seed);

/// The inputs that the flags give, by name, and seeded random ones for those without a default.
/// A symbol's size comes from `symbols`, then from the inputs given, and is otherwise 1, which is
/// noted on stderr. Errors: unknown names (with the nearest), unreadable files, shapes that cannot
/// be; UsageErrors where a SPEC is malformed.
StatusOr<std::map<std::string, Value>> MakeInputs(const std::vector<Port>& ports,
                                                  const InputFlags& flags,
                                                  const std::map<std::string, int64_t>& symbols);

/// Shapes of all tensor inputs of known rank, by name: sizes of symbols from `symbols`, 1 for those
/// that are still open, which is noted on stderr.
std::map<std::string, Shape> CloseShapes(const std::vector<Port>& ports,
                                         const std::map<std::string, int64_t>& symbols);

/// The picture at `path` as a tensor for an input of that type.
StatusOr<Tensor> ReadPictureInput(const std::string& path, const Type& type,
                                  const InputFlags& flags);

}  // namespace sardonyx
