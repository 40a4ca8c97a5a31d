// Profiles: per layer as data, and as a trace.
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "nlohmann/json.hpp"
#include "tests/api/c_models.h"
#include "tests/cli/program.h"

namespace sardonyx {
namespace {

TEST_CASE("A profile has the layers of all runs that it was given to", "[api]") {
  const CLoaded model(DoubleModel());
  SardonyxProfile* profile = nullptr;
  SardonyxRun* run = nullptr;
  REQUIRE(WordsOf(C().create_profile(&profile)) == "");
  REQUIRE(WordsOf(C().create_run(&run)) == "");
  REQUIRE(WordsOf(C().set_profile(run, profile)) == "");
  std::vector<float> data(1000, 1);
  const CValue x = Borrowed(data, {1000});
  const auto once = [&] {
    SardonyxValue* y = nullptr;
    const std::string words = RunOne(model.session, x.get(), &y, run);
    C().release_value(y);
    return words;
  };
  CHECK(once() == "");
  CHECK(once() == "");
  std::thread(once).join();
  REQUIRE(C().profile_size(profile) == 3);
  int64_t end = 0;
  for (int i = 0; i < 3; ++i) {
    SardonyxLayerTime layer = {};
    REQUIRE(WordsOf(C().profile_layer(profile, i, &layer)) == "");
    CHECK(std::string(layer.op) == "Add");
    CHECK(std::string(layer.kernel) != "");
    CHECK(layer.layer == 0);
    CHECK(layer.run == i);
    CHECK(layer.caller == (i == 2 ? 1 : 0));
    CHECK(layer.begin_ns >= end);
    CHECK(layer.end_ns > layer.begin_ns);
    end = layer.end_ns;
  }
  SardonyxLayerTime none;
  CHECK_THAT(WordsOf(C().profile_layer(profile, 3, &none)), Catch::Contains("there are 3 layers"));

  const TemporaryFolder folder;
  const std::string path = folder.path() + "/trace.json";
  REQUIRE(WordsOf(C().write_trace(profile, path.c_str())) == "");
  std::ifstream file(path);
  const auto events = nlohmann::json::parse(file, nullptr, false);
  REQUIRE(events.is_array());
  CHECK(events.size() == 5);  // two tracks, three layers
  CHECK(events[2]["ph"] == "X");
  CHECK(events[2]["args"]["op_name"] == "Add");
  CHECK_THAT(WordsOf(C().write_trace(profile, (folder.path() + "/no/trace.json").c_str())),
             Catch::Contains("cannot write"));

  REQUIRE(WordsOf(C().set_profile(run, nullptr)) == "");
  CHECK(once() == "");
  CHECK(C().profile_size(profile) == 3);
  REQUIRE(WordsOf(C().set_profile(run, profile)) == "");
  C().release_profile(profile);
  CHECK(once() == "");  // the run keeps it
  C().release_run(run);
}

}  // namespace
}  // namespace sardonyx
