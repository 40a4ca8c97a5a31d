// Lists that an attribute of one of several names gives, and finding elements in them.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <unordered_map>

#include "runtime/op.h"

namespace sardonyx {

/// Names of attributes of which exactly one holds a list; null where there is none of that type.
struct ListNames {
  const char* ints = nullptr;
  const char* strings = nullptr;
  const char* floats = nullptr;
  const char* tensor = nullptr;  // of rank 1 and one of the ListTypes
};

/// The list as a tensor of rank 1 that has elements. Fails unless one of the attributes holds it.
Tensor ParseList(ParseContext& context, const ListNames& names);

/// Element types that such a list may have.
using ListTypes = TypeList<std::string, int64_t, float, int32_t, int16_t, double>;

/// Where the elements of a list stand.
class Lookup {
 public:
  /// How floats are compared: by their bits, or by their values with all NaNs taken for one.
  enum class Floats { kBits, kValues };

  Lookup() = default;
  /// `keys` are of one of the ListTypes. Of equal keys the last counts.
  explicit Lookup(const Tensor& keys, Floats floats = Floats::kValues);

  /// The position of a key, of the type that the keys have; -1 where there is none.
  template <typename T>
  int64_t Find(const T& key) const {
    if constexpr (std::is_same_v<T, std::string>) {
      const auto found = strings_.find(key);
      return found == strings_.end() ? -1 : found->second;
    } else {
      const auto found = numbers_.find(Bits(key));
      return found == numbers_.end() ? -1 : found->second;
    }
  }

 private:
  /// The same for equal numbers.
  template <typename T>
  uint64_t Bits(T key) const {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<uint64_t>(int64_t{key});
    } else {
      if (floats_ == Floats::kValues && std::isnan(key)) key = std::numeric_limits<T>::quiet_NaN();
      if (floats_ == Floats::kValues && key == 0) key = 0;  // -0 too
      using Word = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
      return std::bit_cast<Word>(key);
    }
  }

  Floats floats_ = Floats::kValues;
  std::unordered_map<std::string, int64_t> strings_;
  std::unordered_map<uint64_t, int64_t> numbers_;
};

}  // namespace sardonyx
