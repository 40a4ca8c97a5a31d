#pragma once

#include "runtime/op.h"

namespace sardonyx {

Status RunAttentionReference(KernelContext& context);

}  // namespace sardonyx
