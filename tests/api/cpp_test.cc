// The C++ layer, which lives in this header alone: nothing of the runtime's own is included here.
#include <catch2/catch.hpp>
#include <thread>

#include "include/sardonyx/sardonyx.h"

namespace {

using sardonyx::Error;
using sardonyx::Options;
using sardonyx::RunOptions;
using sardonyx::Session;
using sardonyx::Value;

const char* const kLeNet = SARDONYX_SOURCE_DIR "/models/lenet/model.onnx";

TEST_CASE("LeNet in C++: by position, by name, into a tensor that is there", "[api]") {
  const Session session(kLeNet, Options().Threads(1));
  CHECK(std::string(session.input(0).name) == "image");
  CHECK(session.input(0).type.rank == 4);
  std::vector<float> pixels(28 * 28, 0.5f);
  const Value image = Value::Borrow({1, 1, 28, 28}, pixels.data(), pixels.size());
  const std::vector<Value> outputs = session.Run({image});
  REQUIRE(outputs.size() == 1);
  CHECK(outputs[0].shape() == Value::Shape{1, 10});
  const auto scores = outputs[0].Data<float>();
  const std::vector<float> expected(scores.begin(), scores.end());

  const auto named = session.Run(std::map<std::string, Value>{{"image", image}});
  const auto again = named.at("logits").Data<float>();
  CHECK(std::vector<float>(again.begin(), again.end()) == expected);

  const Value place = Value::Zeros<float>({1, 10});
  session.RunInto({image}, {place});
  const auto written = place.Data<float>();
  CHECK(std::vector<float>(written.begin(), written.end()) == expected);
}

TEST_CASE("Errors are thrown with the library's words", "[api]") {
  CHECK_THROWS_WITH(Session("no-such-model.onnx"), Catch::Contains("no-such-model.onnx"));
  CHECK_THROWS_WITH(Options().Backend("gpu"), Catch::Contains("there is no backend 'gpu'"));
  const Session session(kLeNet);
  CHECK_THROWS_AS(session.Run({Value::Zeros<float>({1})}), Error);
  CHECK_THROWS_AS(session.Run({Value()}), Error);
  CHECK_THROWS_AS(session.RunInto({Value::Zeros<float>({1, 1, 28, 28})}, {Value()}), Error);
  CHECK_THROWS_AS(session.input(5), Error);
  CHECK_THROWS_AS(Value::Zeros<float>({2}).Data<double>(), Error);
  CHECK_THROWS_AS(Value::Of<float>({2}, {1, 2, 3}), Error);
  RunOptions stopped;
  stopped.Cancel();
  CHECK_THROWS_WITH(session.Run({Value::Zeros<float>({1, 1, 28, 28})}, stopped),
                    Catch::Contains("cancelled"));
}

TEST_CASE("Values in C++: strings, sequences, maps", "[api]") {
  const Value keys = Value::Of<std::string>({2}, {"a", "b"});
  CHECK(keys.String(1) == "b");
  const Value one = Value::Of<int64_t>({1}, {7});
  const Value sequence = Value::Sequence({one, keys});
  CHECK(sequence.size() == 2);
  CHECK(sequence[0].Data<int64_t>()[0] == 7);
  const Value map = Value::Map(keys, {one, one});
  CHECK(map.kind() == SARDONYX_MAP);
  CHECK(map.Keys().String(0) == "a");
}

}  // namespace
