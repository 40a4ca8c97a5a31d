// Running a kernel so that nothing it meets ends the process.
#pragma once

#include "runtime/base/without_exceptions.h"
#include "runtime/passes/strings.h"

namespace sardonyx {

/// Kernel::Run, its strings counted and what is thrown in it made an error.
inline Status RunKernel(const Kernel& kernel, KernelContext& context) {
  return WithoutExceptions([&]() -> Status {
    SX_RETURN_IF_ERROR(CheckStrings(context));
    SX_RETURN_IF_ERROR(kernel.Run(context));
    return CountStrings(context);
  });
}

}  // namespace sardonyx
