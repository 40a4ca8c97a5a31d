// What an application brings along for its sessions: weights, files.
#include "api/c/objects.h"
#include "api/values.h"

namespace sardonyx {
namespace {

SardonyxStatus* SetInitializer(SardonyxOptions* options, const char* name,
                               const SardonyxValue* value) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("options", options, "name", name, "value", value));
    if (!value->value.is_tensor()) {
      return InvalidArgument("the value is ", value->value.ToString(), ", expected a tensor");
    }
    options->load.initializers[name] = value->value.tensor();
    return absl::OkStatus();
  });
}

SardonyxStatus* SetFile(SardonyxOptions* options, const char* location, const void* bytes,
                        size_t size, void (*release)(void* user), void* user) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("options", options, "location", location, "bytes", bytes));
    const Lent lent(release, user);
    const absl::string_view view(static_cast<const char*>(bytes), size);
    options->load.files[location] = {view, lent.owner()};
    lent.Keep();
    return absl::OkStatus();
  });
}

}  // namespace

void AddResourceFunctions(SardonyxApi& api) {
  api.set_initializer = SetInitializer;
  api.set_file = SetFile;
}

}  // namespace sardonyx
