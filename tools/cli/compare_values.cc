#include "tools/cli/compare_values.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/cli/tensor_parts.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Comparison Differs(std::string reason) {
  return {.match = false,
          .reason = std::move(reason),
          .max_abs = kInfinity,
          .max_rel = kInfinity,
          .normwise = kInfinity};
}

/// Takes over what is worse in `part`, whose place is named by `where`.
void Merge(const Comparison& part, const std::string& where, Comparison& whole) {
  whole.elements += part.elements;
  whole.mismatches += part.mismatches;
  whole.max_abs = std::max(whole.max_abs, part.max_abs);
  whole.max_rel = std::max(whole.max_rel, part.max_rel);
  whole.normwise = std::max(whole.normwise, part.normwise);
  if (!part.match && whole.match) {
    whole.match = false;
    whole.reason = absl::StrCat(where, ": ", part.reason);
  }
}

std::string Text(double value) { return absl::StrFormat("%.9g", value); }
std::string Text(std::complex<double> value) {
  return absl::StrFormat("%.9g%+.9gi", value.real(), value.imag());
}

/// Distance of two numbers: 0 for the same, NaN and infinities included; infinite where only one
/// is finite or a number at all.
double Distance(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double distance = std::abs(a - b);
  return std::isnan(distance) ? kInfinity : distance;
}
double Distance(std::complex<double> a, std::complex<double> b) {
  return std::hypot(Distance(a.real(), b.real()), Distance(a.imag(), b.imag()));
}

/// Takes the elements from `first` on into `result`.
template <typename Number>
void ComparePart(absl::Span<const Number> actual, absl::Span<const Number> expected, int64_t first,
                 const Shape& shape, const Tolerance& tolerance, Comparison& result) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const double distance = Distance(actual[i], expected[i]);
    if (distance == 0) continue;
    const double magnitude = std::abs(expected[i]);
    result.max_abs = std::max(result.max_abs, distance);
    if (magnitude > 0) result.max_rel = std::max(result.max_rel, distance / magnitude);
    // An infinite distance is outside every tolerance, even one that is infinite itself.
    if (distance <= tolerance.atol + tolerance.rtol * magnitude && distance < kInfinity) continue;
    if (++result.mismatches == 1) {
      result.first = first + static_cast<int64_t>(i);
      result.reason = absl::StrCat("element ", PositionText(shape, result.first), " is ",
                                   Text(actual[i]), ", expected ", Text(expected[i]));
    }
  }
}

/// `read` gives a part of a tensor as numbers, since all of a large one would take much memory.
template <typename Number>
StatusOr<Comparison> CompareNumbers(const Tensor& actual, const Tensor& expected,
                                    Tolerance tolerance,
                                    StatusOr<std::vector<Number>> (*read)(const Tensor&)) {
  double greatest = 0;
  for (const auto& [first, count] : PartsOf(expected)) {
    SX_ASSIGN_OR_RETURN(const std::vector<Number> numbers, read(Part(expected, first, count)));
    for (const Number& value : numbers) {
      const double magnitude = std::abs(value);
      if (std::isfinite(magnitude)) greatest = std::max(greatest, magnitude);
    }
  }
  tolerance.atol = std::max(tolerance.atol, tolerance.atol_relative * greatest);
  Comparison result;
  result.elements = expected.size();
  for (const auto& [first, count] : PartsOf(expected)) {
    SX_ASSIGN_OR_RETURN(const std::vector<Number> a, read(Part(actual, first, count)));
    SX_ASSIGN_OR_RETURN(const std::vector<Number> b, read(Part(expected, first, count)));
    ComparePart<Number>(a, b, first, expected.shape(), tolerance, result);
  }
  if (std::isnan(result.max_rel)) result.max_rel = kInfinity;
  result.normwise = greatest > 0 ? result.max_abs / greatest : result.max_abs;
  if (result.mismatches > 0) {
    result.match = false;
    absl::StrAppend(&result.reason,
                    absl::StrFormat("; %d of %d elements differ, at most by %.3g",
                                    result.mismatches, result.elements, result.max_abs));
  }
  return result;
}

template <typename T>
Comparison CompareExactly(absl::Span<const T> actual, absl::Span<const T> expected,
                          const Shape& shape) {
  Comparison result;
  result.elements = static_cast<int64_t>(expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    if (actual[i] == expected[i]) continue;
    if (++result.mismatches == 1) {
      result = Differs(absl::StrCat("element ", PositionText(shape, static_cast<int64_t>(i)),
                                    " is '", actual[i], "', expected '", expected[i], "'"));
      result.elements = static_cast<int64_t>(expected.size());
      result.first = static_cast<int64_t>(i);
      result.mismatches = 1;
    }
  }
  return result;
}

template <typename T>
StatusOr<std::vector<std::complex<double>>> Widen(const Tensor& tensor) {
  return std::vector<std::complex<double>>(tensor.data<std::complex<T>>(),
                                           tensor.data<std::complex<T>>() + tensor.size());
}

StatusOr<Comparison> CompareNumbers(const Tensor& actual, const Tensor& expected,
                                    const Tolerance& tolerance) {
  switch (expected.type()) {
    case DataType::kComplex64:
      return CompareNumbers<std::complex<double>>(actual, expected, tolerance, Widen<float>);
    case DataType::kComplex128:
      return CompareNumbers<std::complex<double>>(actual, expected, tolerance, Widen<double>);
    default:
      return CompareNumbers<double>(actual, expected, tolerance, ToDoubles);
  }
}

Comparison CompareTensors(const Tensor& actual, const Tensor& expected,
                          const Tolerance& tolerance) {
  if (actual.type() != expected.type() || actual.shape() != expected.shape()) {
    return Differs(absl::StrCat("is ", actual.ToString(), ", expected ", expected.ToString()));
  }
  const Shape& shape = expected.shape();
  if (expected.type() == DataType::kString) {
    return CompareExactly(actual.span<std::string>(), expected.span<std::string>(), shape);
  }
  if (expected.type() == DataType::kBool) {
    return CompareExactly(actual.span<bool>(), expected.span<bool>(), shape);
  }
  if (actual.size() == 0 ||
      std::memcmp(actual.raw(), expected.raw(), static_cast<size_t>(actual.bytes())) == 0) {
    return {.elements = actual.size()};
  }
  StatusOr<Comparison> result = CompareNumbers(actual, expected, tolerance);
  return result.ok() ? *std::move(result) : Differs(std::string(result.status().message()));
}

StatusOr<std::map<std::string, size_t>> KeyPositions(const Map& map) {
  std::map<std::string, size_t> positions;
  if (map.keys.type() == DataType::kString) {
    for (int64_t i = 0; i < map.keys.size(); ++i) {
      positions[map.keys.data<std::string>()[i]] = static_cast<size_t>(i);
    }
  } else {
    SX_ASSIGN_OR_RETURN(const Ints keys, ToInts(map.keys));
    for (size_t i = 0; i < keys.size(); ++i) positions[absl::StrCat(keys[i])] = i;
  }
  return positions;
}

Comparison CompareMaps(const Map& actual, const Map& expected, const Tolerance& tolerance) {
  if (actual.keys.type() != expected.keys.type() ||
      actual.values.size() != expected.values.size()) {
    return Differs(absl::StrCat("is a map of ", actual.values.size(), " ", Name(actual.keys.type()),
                                " keys, expected ", expected.values.size(), " ",
                                Name(expected.keys.type()), " keys"));
  }
  const auto positions = KeyPositions(actual), wanted = KeyPositions(expected);
  if (!positions.ok()) return Differs(std::string(positions.status().message()));
  if (!wanted.ok()) return Differs(std::string(wanted.status().message()));
  Comparison whole;
  for (const auto& [key, position] : *wanted) {
    const auto found = positions->find(key);
    if (found == positions->end()) return Differs(absl::StrCat("has no key ", key));
    Merge(CompareValues(actual.values[found->second], expected.values[position], tolerance),
          absl::StrCat("key ", key), whole);
  }
  return whole;
}

}  // namespace

Comparison CompareValues(const Value& actual, const Value& expected, const Tolerance& tolerance) {
  if (actual.is_tensor() && expected.is_tensor()) {
    return CompareTensors(actual.tensor(), expected.tensor(), tolerance);
  }
  if (actual.is_map() && expected.is_map()) {
    return CompareMaps(actual.map(), expected.map(), tolerance);
  }
  if (actual.is_none() && expected.is_none()) return {};
  if (actual.is_sequence() && expected.is_sequence() &&
      actual.sequence().size() == expected.sequence().size()) {
    Comparison whole;
    for (size_t i = 0; i < expected.sequence().size(); ++i) {
      Merge(CompareValues(actual.sequence()[i], expected.sequence()[i], tolerance),
            absl::StrCat("element ", i), whole);
    }
    return whole;
  }
  return Differs(absl::StrCat("is ", actual.ToString(), ", expected ", expected.ToString()));
}

}  // namespace sardonyx
