// Operators that an application brings along (include/sardonyx/custom_op.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "include/sardonyx/custom_op.h"
#include "runtime/op.h"

namespace sardonyx {

/// The operator as the runtime knows operators; `owner` (may be null) lives as long as it. Errors:
/// another ABI, a missing name or function, counts that make no sense.
StatusOr<std::shared_ptr<const OpDef>> MakeCustomOp(const SardonyxCustomOp& op,
                                                    std::shared_ptr<void> owner = nullptr);

/// After an operator of an application's has run: an error where it did not make its outputs as
/// inference had announced them, on which what comes after relies.
Status CheckOutputs(KernelContext& context, const std::vector<Type>& announced);

/// Opens a shared library and makes all its operators; it stays loaded as long as one of them
/// lives. The library runs with the program's rights: it is trusted, unlike a model.
StatusOr<CustomOps> LoadCustomOps(const std::string& path);

}  // namespace sardonyx
