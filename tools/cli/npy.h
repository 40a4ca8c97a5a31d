// NumPy's .npy files (formats 1.0 to 3.0), and the .npz archives of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "runtime/base/tensor.h"

namespace sardonyx {

/// The array in the bytes of a .npy file, in row-major order and this machine's byte order.
/// Booleans, integers, floats, complex numbers, byte strings and Unicode strings; elements that
/// NumPy has no name for ('V1', 'V2') are taken as `wanted` where that has their size.
/// Errors: not a .npy file, a header that breaks a rule, fewer elements than it says.
StatusOr<Tensor> ParseNpy(absl::string_view bytes, DataType wanted = DataType::kUndefined);
StatusOr<Tensor> ReadNpy(const std::string& path, DataType wanted = DataType::kUndefined);

/// A .npy file of the tensor. What NumPy has no type for is widened: narrow floats and bfloat16 to
/// float32, 4- and 2-bit integers to 8 bits.
StatusOr<std::string> SerializeNpy(const Tensor& tensor);
Status WriteNpy(const std::string& path, const Tensor& tensor);

/// The array `key` of an archive, stored or deflated. Errors: no such key, naming those there are;
/// a damaged archive; an entry that would grow beyond `max_bytes`.
StatusOr<Tensor> ReadNpz(const std::string& path, const std::string& key,
                         DataType wanted = DataType::kUndefined,
                         int64_t max_bytes = int64_t{8} << 30);

/// The whole file. Errors: it cannot be read, or is larger than `max_bytes`.
StatusOr<std::string> ReadWholeFile(const std::string& path, int64_t max_bytes = int64_t{8} << 30);

}  // namespace sardonyx
