#pragma once

#include "runtime/op.h"

namespace sardonyx {

KernelDef AttentionNative();  // attention.native: float32, by matrix products

}  // namespace sardonyx
