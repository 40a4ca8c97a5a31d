// Profiles.
#include "api/c/objects.h"

namespace sardonyx {
namespace {

SardonyxStatus* CreateProfile(SardonyxProfile** profile) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("profile", profile));
    *profile = new SardonyxProfile{std::make_shared<Profile>()};
    return absl::OkStatus();
  });
}

SardonyxStatus* SetProfile(SardonyxRun* run, const SardonyxProfile* profile) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("run", run));
    run->profile = profile == nullptr ? nullptr : profile->profile;
    return absl::OkStatus();
  });
}

size_t Count(const SardonyxProfile* profile) {
  return profile == nullptr ? 0 : profile->profile->size();
}

SardonyxStatus* GetLayer(const SardonyxProfile* profile, size_t position,
                         SardonyxLayerTime* layer) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("profile", profile, "layer", layer));
    if (position >= Count(profile)) {
      return InvalidArgument("there are ", Count(profile), " layers, none at ", position);
    }
    const Profile::Layer found = profile->profile->layer(position);
    *layer = {.name = found.name,
              .op = found.op,
              .kernel = found.kernel,
              .layer = found.index,
              .run = found.run,
              .caller = found.caller,
              .begin_ns = found.begin_ns,
              .end_ns = found.end_ns};
    return absl::OkStatus();
  });
}

SardonyxStatus* WriteTrace(const SardonyxProfile* profile, const char* path) {
  return Guarded([&] {
    SX_RETURN_IF_ERROR(CheckNotNull("profile", profile, "path", path));
    return profile->profile->WriteTrace(path);
  });
}

}  // namespace

void AddProfileFunctions(SardonyxApi& api) {
  api.create_profile = CreateProfile;
  api.set_profile = SetProfile;
  api.profile_size = Count;
  api.profile_layer = GetLayer;
  api.write_trace = WriteTrace;
  api.release_profile = [](SardonyxProfile* profile) { delete profile; };
}

}  // namespace sardonyx
