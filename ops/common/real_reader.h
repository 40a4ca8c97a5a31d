// Reading single elements of float tensors of any width, where speed does not matter.
#pragma once

#include "runtime/base/tensor.h"

namespace sardonyx {

/// Elements of a float, double, half or bfloat16 tensor, widened.
class RealReader {
 public:
  /// Errors: another element type.
  static StatusOr<RealReader> Of(const Tensor& tensor, absl::string_view what) {
    switch (tensor.type()) {
      case DataType::kFloat:
      case DataType::kDouble:
      case DataType::kFloat16:
      case DataType::kBFloat16:
        return RealReader(tensor);
      default:
        return InvalidArgument(what, " is ", tensor.ToString(), "; floats are needed");
    }
  }

  double operator[](int64_t i) const {
    switch (type_) {
      case DataType::kFloat:
        return static_cast<const float*>(data_)[i];
      case DataType::kDouble:
        return static_cast<const double*>(data_)[i];
      case DataType::kFloat16:
        return static_cast<double>(static_cast<const Half*>(data_)[i]);
      default:
        return static_cast<double>(static_cast<const BFloat16*>(data_)[i]);
    }
  }

 private:
  explicit RealReader(const Tensor& tensor) : type_(tensor.type()), data_(tensor.raw()) {}

  DataType type_;
  const void* data_;
};

}  // namespace sardonyx
