// From the flags of a command line to a session.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/session/session.h"
#include "tools/cli/commands.h"

namespace sardonyx {

/// Errors: all are UsageErrors.
StatusOr<SessionOptions> ToSessionOptions(const SessionFlags& flags);

/// OK if there is such a file; otherwise a UsageError, with the nearest name beside it.
Status CheckFileExists(const std::string& path);

/// Reads a model, naming its path in errors.
StatusOr<std::shared_ptr<Model>> LoadModel(const std::string& path, const SessionFlags& flags);

/// A session for the model, with --tune-seconds one whose kernels have been measured.
StatusOr<std::unique_ptr<Session>> OpenSession(std::shared_ptr<const Model> model,
                                               const SessionOptions& options,
                                               const SessionFlags& flags);

/// The deadline that --time-limit sets from now on; none where it is 0.
RunControl::Clock::time_point DeadlineAfter(double seconds);

/// Splits "a,b,c"; empty parts are left out.
std::vector<std::string> SplitList(const std::string& list);

}  // namespace sardonyx
