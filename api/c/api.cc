// The function table, and statuses.
#include "api/c/objects.h"

namespace sardonyx {
namespace {

// Where there is not even memory to say so.
SardonyxStatus* NoMemory() {
  static SardonyxStatus* const status =
      new SardonyxStatus{LimitExceeded("out of memory"), "out of memory"};
  return status;
}

SardonyxCode CodeOf(const SardonyxStatus* status) {
  return status == nullptr ? SARDONYX_INVALID_ARGUMENT
                           : static_cast<SardonyxCode>(status->status.code());
}

const char* MessageOf(const SardonyxStatus* status) {
  return status == nullptr ? "status is null" : status->message.c_str();
}

void ReleaseStatus(SardonyxStatus* status) {
  if (status != NoMemory()) delete status;
}

const SardonyxApi& Table() {
  static const SardonyxApi table = [] {
    SardonyxApi api = {};
    api.size = sizeof(SardonyxApi);
    api.version = SARDONYX_API_VERSION;
    api.library_version = [] { return SARDONYX_VERSION; };
    api.status_code = CodeOf;
    api.status_message = MessageOf;
    api.release_status = ReleaseStatus;
    AddOptionFunctions(api);
    AddSessionFunctions(api);
    AddValueFunctions(api);
    AddRunFunctions(api);
    AddResourceFunctions(api);
    AddProfileFunctions(api);
    return api;
  }();
  return table;
}

}  // namespace

SardonyxStatus* ToC(const Status& status) {
  if (status.ok()) return nullptr;
  try {
    std::string message(status.message());
    if (message.empty()) message = absl::StatusCodeToString(status.code());
    return new SardonyxStatus{status, std::move(message)};
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

}  // namespace sardonyx

const SardonyxApi* sardonyx_api(uint32_t version) {
  return version <= SARDONYX_API_VERSION ? &sardonyx::Table() : nullptr;
}
