// Where exceptions of the standard library end.
#pragma once

#include <new>
#include <stdexcept>
#include <variant>

#include "runtime/base/status.h"

namespace sardonyx {

/// The error for a failed allocation, in words where there is memory for them.
inline Status OutOfMemory() {
  try {
    return LimitExceeded("the system has no memory for what is needed");
  } catch (const std::bad_alloc&) {
    return Status(absl::StatusCode::kResourceExhausted, "");
  }
}

/// What `body` returns, a Status or StatusOr. Nothing of ours throws; but memory may be short, and
/// a model may hand a kernel a sequence in the place of a tensor, which inference cannot always
/// see, or have it ask a container for more than there can be.
template <typename Body>
auto WithoutExceptions(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  } catch (const std::bad_variant_access&) {
    return InvalidArgument("an input is no tensor, or not what the operator can use");
  } catch (const std::length_error&) {
    return LimitExceeded("a list was to have more elements than it can");
  }
}

}  // namespace sardonyx
