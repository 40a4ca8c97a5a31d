// Running many cases in a process of their own, so that a crash costs one case and not the run.
#pragma once

#include <functional>
#include <string>

namespace sardonyx {

struct Verdict {
  bool passed = false;
  std::string reason;  // one line; empty where it passed
};

/// Calls run(i) for each i of 0..count-1 in a child process and report(i, verdict) in this one, in
/// order. Where the child dies (a signal, or `seconds` spent on one case) that case fails with the
/// cause as its reason, and a new child goes on with the next. Call before any thread is started.
void RunIsolated(int count, int seconds, const std::function<Verdict(int)>& run,
                 const std::function<void(int, const Verdict&)>& report);

}  // namespace sardonyx
