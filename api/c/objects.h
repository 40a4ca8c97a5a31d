// What the handles of include/sardonyx/c_api.h stand for.
#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "api/handles.h"
#include "api/load.h"
#include "api/run_control.h"
#include "include/sardonyx/c_api.h"
#include "runtime/session/profile.h"

struct SardonyxStatus {
  sardonyx::Status status;
  std::string message;
};

struct SardonyxOptions {
  sardonyx::LoadOptions load;
};

struct SardonyxValue {
  sardonyx::Value value;
};

struct SardonyxProfile {
  std::shared_ptr<sardonyx::Profile> profile;
};

struct SardonyxRun {
  double seconds = 0;
  uint64_t seed = 0;
  SardonyxObserver observer = nullptr;
  void* user = nullptr;
  sardonyx::StopSwitch stop;
  std::shared_ptr<sardonyx::Profile> profile;
};

namespace sardonyx {

/// A session, and what is told of it in C's words.
struct CSession {
  explicit CSession(std::shared_ptr<LoadedModel> loaded);

  std::shared_ptr<LoadedModel> model;
  std::vector<SardonyxPort> inputs, outputs;
  SardonyxMetadata metadata;

 private:
  SardonyxType Describe(const Type& type);
  std::vector<SardonyxPort> Describe(const std::vector<Port>& ports);

  // What the structs above point to.
  std::deque<std::vector<int64_t>> dims_;
  std::deque<std::vector<const char*>> names_;
  std::deque<SardonyxType> types_;
};

using CSessions = Handles<SardonyxSession, CSession>;
CSessions& Sessions();

/// The session, or an error where it is null or was released.
StatusOr<std::shared_ptr<CSession>> FindSession(const SardonyxSession* handle);

/// Null for OK.
SardonyxStatus* ToC(const Status& status);

/// The outcome of `function`, which returns a Status; an exception, whether from the standard
/// library or an application's code, is one too.
template <typename Function>
SardonyxStatus* Guarded(Function&& function) {
  try {
    return ToC(function());
  } catch (const std::bad_alloc&) {
    return ToC(LimitExceeded("out of memory"));
  } catch (const std::exception& error) {
    return ToC(absl::InternalError(error.what()));
  } catch (...) {
    return ToC(absl::InternalError("an exception of an unknown type"));
  }
}

/// An error that names the first argument that is null. Pairs of a name and a pointer.
inline Status CheckNotNull() { return absl::OkStatus(); }
template <typename... Rest>
Status CheckNotNull(const char* name, const void* pointer, Rest... rest) {
  if (pointer == nullptr) return InvalidArgument(name, " is null");
  return CheckNotNull(rest...);
}

// The functions of the table, by file.
void AddOptionFunctions(SardonyxApi& api);
void AddSessionFunctions(SardonyxApi& api);
void AddValueFunctions(SardonyxApi& api);
void AddRunFunctions(SardonyxApi& api);
void AddResourceFunctions(SardonyxApi& api);
void AddProfileFunctions(SardonyxApi& api);

}  // namespace sardonyx
