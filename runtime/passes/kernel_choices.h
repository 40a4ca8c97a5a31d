// Kernels chosen beforehand, such as those that were measured to be the fastest.
#pragma once

#include <map>
#include <string>

namespace sardonyx {

/// A layer's first output by name: the kernel that computes it. Layers that are not there, and
/// those that the kernel refuses, get one as if there were no choices.
using KernelChoices = std::map<std::string, std::string>;

}  // namespace sardonyx
