// Short spellings for Abseil's statuses, which every fallible function returns.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace sardonyx {

using absl::Status;
using absl::StatusOr;

/// A model, input or argument that breaks a rule: `InvalidArgument("axis ", axis, " is ...")`.
template <typename... Args>
Status InvalidArgument(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat(args...));
}

/// Something valid that this program does not do.
template <typename... Args>
Status Unimplemented(const Args&... args) {
  return absl::UnimplementedError(absl::StrCat(args...));
}

/// A limit of size, count, depth or memory that was reached.
template <typename... Args>
Status LimitExceeded(const Args&... args) {
  return absl::ResourceExhaustedError(absl::StrCat(args...));
}

/// The same status code with `prefix` put before its message; OK stays OK.
inline Status Prepend(const Status& status, absl::string_view prefix) {
  return status.ok() ? status : Status(status.code(), absl::StrCat(prefix, status.message()));
}

}  // namespace sardonyx

/// Returns from the enclosing function if the status expression is not OK.
#define SX_RETURN_IF_ERROR(expression)                                              \
  do {                                                                              \
    if (::absl::Status sx_status = (expression); !sx_status.ok()) return sx_status; \
  } while (false)

#define SX_CONCAT_INNER(a, b) a##b
#define SX_CONCAT(a, b) SX_CONCAT_INNER(a, b)
#define SX_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                 \
  if (!temporary.ok()) return temporary.status();                \
  target = std::move(*temporary)

/// `SX_ASSIGN_OR_RETURN(Tensor t, Tensor::Create(...));`: takes the value or returns the error.
#define SX_ASSIGN_OR_RETURN(target, expression) \
  SX_ASSIGN_OR_RETURN_INNER(SX_CONCAT(sx_or_, __LINE__), target, expression)
