// How long each layer of a session's runs takes, noted for a file.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/run_control.h"
#include "runtime/session/session.h"

namespace sardonyx {

/// Writes what it has noted as events of the Trace Event Format, which browsers draw, under the
/// names that onnxruntime's profiles have. Thread-safe.
class Profile {
 public:
  using Clock = RunControl::Clock;

  /// The file's name is `prefix`, '_', the time and ".json".
  explicit Profile(const std::string& prefix);

  /// What one run spends, from when this is made; for one thread.
  class Run {
   public:
    /// The run's observer, which `next` (may be none) follows; valid as long as this is.
    Observer Watch(Observer next);

   private:
    friend class Profile;
    struct Span {
      int layer;
      Clock::time_point begin, end;
    };
    Clock::time_point last_ = Clock::now();
    std::vector<Span> spans_;
  };

  /// Notes a run that went by `plan`, unless the profile has ended.
  void Add(const Run& run, const PlanReport& plan);

  /// Writes the file, the first time that it is called. Errors: it cannot be written.
  Status End();

  const std::string& path() const { return path_; }
  Clock::time_point begin() const { return begin_; }

 private:
  const Clock::time_point begin_ = Clock::now();
  const std::string path_;
  std::mutex mutex_;  // guards the rest
  bool ended_ = false;
  std::vector<std::string> events_;
};

}  // namespace sardonyx
