// Running a kernel so that nothing it meets ends the process.
#pragma once

#include <new>
#include <stdexcept>
#include <variant>

#include "runtime/passes/strings.h"

namespace sardonyx {

/// Kernel::Run, with what the standard library throws turned into errors. A kernel throws nothing
/// itself; but a model may hand it a sequence in the place of a tensor, which inference cannot
/// always see, or have it ask a container for more memory than there is. Strings are counted.
inline Status RunKernel(const Kernel& kernel, KernelContext& context) {
  try {
    SX_RETURN_IF_ERROR(CheckStrings(context));
    SX_RETURN_IF_ERROR(kernel.Run(context));
    return CountStrings(context);
  } catch (const std::bad_variant_access&) {
    return InvalidArgument("an input is no tensor, or not what the operator can use");
  } catch (const std::bad_alloc&) {
    return LimitExceeded("the system has no memory for what the operator needs");
  } catch (const std::length_error&) {
    return LimitExceeded("the operator needs more elements than a list can have");
  }
}

}  // namespace sardonyx
