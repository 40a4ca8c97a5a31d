// The C interface as the tests here use it, and the models that they load through it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "include/sardonyx/c_api.h"
#include "tests/importer/models.h"

namespace sardonyx {

inline const SardonyxApi& C() { return *sardonyx_api(SARDONYX_API_VERSION); }

/// The words of a status, which is released; "" for none.
inline std::string WordsOf(SardonyxStatus* status) {
  const std::string words = status == nullptr ? "" : C().status_message(status);
  C().release_status(status);
  return words;
}

/// y = x + x, of shape [N].
inline std::string DoubleModel() {
  wire::ModelProto model = NewModel();
  model.set_producer_name("tests");
  model.set_model_version(7);
  auto* property = model.add_metadata_props();
  property->set_key("colour");
  property->set_value("red");
  AddInput(model.mutable_graph(), "x", {-1});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"y"});
  AddOutput(model.mutable_graph(), "y");
  return model.SerializeAsString();
}

/// A session of a model in memory, released at the end.
class CLoaded {
 public:
  explicit CLoaded(const std::string& model, const SardonyxOptions* options = nullptr) {
    words = WordsOf(C().load_bytes(model.data(), model.size(), nullptr, options, &session));
  }
  ~CLoaded() { C().release_session(session); }
  CLoaded(const CLoaded&) = delete;
  CLoaded& operator=(const CLoaded&) = delete;

  SardonyxSession* session = nullptr;
  std::string words;
};

using CValue = std::unique_ptr<SardonyxValue, void (*)(SardonyxValue*)>;
inline CValue Hold(SardonyxValue* value) { return CValue(value, C().release_value); }

/// A tensor of floats that lie in `data`.
inline CValue Borrowed(std::vector<float>& data, std::vector<int64_t> dims) {
  const SardonyxTensor tensor = {1, static_cast<int32_t>(dims.size()), dims.data(), data.data()};
  SardonyxValue* value = nullptr;
  WordsOf(C().borrow_tensor(&tensor, data.size() * sizeof(float), nullptr, nullptr, &value));
  return Hold(value);
}

inline std::vector<float> FloatsOf(const SardonyxValue* value) {
  SardonyxTensor tensor = {};
  if (!WordsOf(C().tensor(value, &tensor)).empty()) return {};
  const auto* data = static_cast<const float*>(tensor.data);
  return std::vector<float>(data, data + C().element_count(value));
}

/// One input and one output by position.
inline std::string RunOne(SardonyxSession* session, const SardonyxValue* x, SardonyxValue** y,
                          SardonyxRun* run = nullptr) {
  return WordsOf(C().run(session, run, nullptr, &x, 1, nullptr, y, 1));
}

}  // namespace sardonyx
