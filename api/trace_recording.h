// Profiling from a session's loading until somebody ends it.
#pragma once

#include <mutex>
#include <string>

#include "runtime/session/profile.h"

namespace sardonyx {

/// A profile that becomes a file of events under the names that onnxruntime's profiles have.
/// Thread-safe.
class TraceRecording {
 public:
  /// The file's name is `prefix`, '_', the time and ".json".
  explicit TraceRecording(const std::string& prefix);
  ~TraceRecording();  // writes what nobody has asked for
  TraceRecording(const TraceRecording&) = delete;
  TraceRecording& operator=(const TraceRecording&) = delete;

  /// For the runs of the session; null once it was ended. Lives as long as this object.
  Profile* profile();
  const Profile& begun() const { return profile_; }
  const std::string& path() const { return path_; }
  /// Writes the file, the first time that it is called. Errors: it cannot be written.
  Status End();

 private:
  const std::string path_;
  Profile profile_;
  std::mutex mutex_;  // guards ended_
  bool ended_ = false;
};

}  // namespace sardonyx
