// Weights in files beside the model, and files that are out of bounds.
#include <catch2/catch.hpp>

#include "tests/importer/models.h"

namespace sardonyx {
namespace {

using Catch::Contains;

wire::ModelProto Model(const std::string& location, const std::string& offset = "",
                       const std::string& length = "", int64_t count = 4) {
  wire::ModelProto model = NewModel();
  wire::TensorProto* tensor = model.mutable_graph()->add_initializer();
  tensor->set_name("w");
  tensor->set_data_type(wire::TensorProto::FLOAT);
  tensor->add_dims(count);
  tensor->set_data_location(wire::TensorProto::EXTERNAL);
  const auto add = [&](const std::string& key, const std::string& value) {
    if (value.empty()) return;
    tensor->add_external_data()->set_key(key);
    tensor->mutable_external_data(tensor->external_data_size() - 1)->set_value(value);
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
  AddNode(model.mutable_graph(), "Relu", {"w"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  return model;
}

std::string Error(const wire::ModelProto& model, const std::string& folder) {
  const auto imported = Import(model, folder);
  return imported.ok() ? "no error" : std::string(imported.status().message());
}

TEST_CASE("External data are mapped, or copied where they are not aligned", "[importer]") {
  TemporaryFolder folder;
  std::vector<float> values(64);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const std::string bytes(reinterpret_cast<const char*>(values.data()), 256);
  folder.Write("w.bin", bytes);
  std::filesystem::create_directory(folder.path() + "/sub");
  folder.Write("sub/w.bin", bytes);
  for (const char* location : {"w.bin", "sub/w.bin", "./w.bin"}) {
    for (int offset : {0, 64, 128, 20, 240}) {
      const auto model = Import(Model(location, std::to_string(offset), "16"), folder.path());
      INFO(location << " " << offset << " " << model.status());
      REQUIRE(model.ok());
      const Tensor* w = (*model)->graph.constant(0);
      REQUIRE(w != nullptr);
      CHECK(w->data<float>()[3] == values[offset / 4 + 3]);
      CHECK(reinterpret_cast<uintptr_t>(w->raw()) % kAlignment == 0);
    }
  }
  // Relative to the model's file.
  const std::string file = folder.Write("model.onnx", Model("w.bin").SerializeAsString());
  CHECK(ImportFile(file).ok());
}

TEST_CASE("The mapping outlives the import", "[importer]") {
  TemporaryFolder folder;
  folder.Write("w.bin", std::string(4096, '\0'));
  Tensor w;
  {
    const auto model = Import(Model("w.bin"), folder.path());
    REQUIRE(model.ok());
    w = *(*model)->graph.constant(0);
  }
  std::filesystem::remove(folder.path() + "/w.bin");
  CHECK(w.data<float>()[3] == 0);
}

TEST_CASE("External data that are not there or out of bounds", "[importer][robust]") {
  TemporaryFolder outer;
  outer.Write("secret.bin", std::string(64, 's'));
  const std::string folder = outer.path() + "/model";
  std::filesystem::create_directory(folder);
  std::filesystem::create_directory(folder + "/sub");
  outer.Write("model/w.bin", std::string(16, '\0'));
  std::filesystem::create_symlink("../secret.bin", folder + "/link.bin");
  std::filesystem::create_symlink("..", folder + "/up");
  std::filesystem::create_symlink("loop.bin", folder + "/loop.bin");

  CHECK_THAT(Error(Model("none.bin"), folder),
             Contains("initializer 'w'") && Contains("'none.bin' is not in the model"));
  CHECK_THAT(Error(Model("../secret.bin"), folder), Contains("outside the model's folder"));
  CHECK_THAT(Error(Model("sub/../../secret.bin"), folder), Contains("outside the model's folder"));
  CHECK_THAT(Error(Model(outer.path() + "/secret.bin"), folder),
             Contains("outside the model's folder"));
  CHECK_THAT(Error(Model("link.bin"), folder), Contains("outside the model's folder"));
  CHECK_THAT(Error(Model("up/secret.bin"), folder), Contains("outside the model's folder"));
  CHECK_THAT(Error(Model("loop.bin"), folder), Contains("outside the model's folder"));
  CHECK_THAT(Error(Model("sub"), folder), Contains("not a regular file"));
  CHECK_THAT(Error(Model("."), folder), Contains("not a regular file"));
  CHECK_THAT(Error(Model("w.bin/x"), folder), Contains("cannot open"));
  CHECK_THAT(Error(Model(""), folder), Contains("no valid location"));
  CHECK_THAT(Error(Model("w.bin"), ""), Contains("has no folder to look in"));
  CHECK_THAT(Error(Model("w.bin", "4", "16"), folder), Contains("bytes 4 to 4 + 16"));
  CHECK_THAT(Error(Model("w.bin", "9223372036854775807", "16"), folder), Contains("which has 16"));
  CHECK_THAT(Error(Model("w.bin", "99999999999999999999", "16"), folder), Contains("offset"));
  CHECK_THAT(Error(Model("w.bin", "-4"), folder), Contains("'-4', not a number"));
  CHECK_THAT(Error(Model("w.bin", "0", "15"), folder),
             Contains("have 15 bytes, its shape needs 16"));
  CHECK_THAT(Error(Model("w.bin", "", "", 5), folder), Contains("which has 16"));
  wire::ModelProto both = Model("w.bin");
  both.mutable_graph()->mutable_initializer(0)->add_float_data(1);
  CHECK_THAT(Error(both, folder), Contains("both float_data and external_data"));
}

}  // namespace
}  // namespace sardonyx
