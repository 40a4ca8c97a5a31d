// Sardonyx in C++17: a thin layer over c_api.h, all of it in this header. What can fail throws
// sardonyx::Error; everything else about threads, lifetimes and names is as c_api.h says.
//
//   sardonyx::Session session("model.onnx");
//   sardonyx::Value x = sardonyx::Value::Borrow<float>({1, 4}, data);
//   std::vector<sardonyx::Value> y = session.Run({x});
//   for (float v : y[0].Data<float>()) ...
#ifndef SARDONYX_SARDONYX_H_
#define SARDONYX_SARDONYX_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sardonyx/c_api.h"

namespace sardonyx {
inline namespace api {

/// What went wrong, in the library's words.
class Error : public std::runtime_error {
 public:
  Error(SardonyxCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  SardonyxCode code() const { return code_; }

 private:
  SardonyxCode code_;
};

/// The library's functions. Throws where the library is older than this header.
inline const SardonyxApi& Api() {
  static const SardonyxApi* const table = sardonyx_api(SARDONYX_API_VERSION);
  if (table == nullptr) throw Error(SARDONYX_UNIMPLEMENTED, "the Sardonyx library is too old");
  return *table;
}

/// Throws what a function of the table returned, unless that is null.
inline void Check(SardonyxStatus* status) {
  if (status == nullptr) return;
  const std::unique_ptr<SardonyxStatus, void (*)(SardonyxStatus*)> owned(status,
                                                                         Api().release_status);
  throw Error(Api().status_code(status), Api().status_message(status));
}

/// Elements that lie side by side in memory of somebody else.
template <typename T>
class Span {
 public:
  Span(T* data, size_t size) : data_(data), size_(size) {}
  T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](size_t i) const { return data_[i]; }

 private:
  T* data_;
  size_t size_;
};

/// The number of an element type in ONNX's files.
template <typename T>
constexpr int32_t ElementTypeOf() {
  using U = std::remove_const_t<T>;
  if constexpr (std::is_same_v<U, float>) return 1;
  if constexpr (std::is_same_v<U, uint8_t>) return 2;
  if constexpr (std::is_same_v<U, int8_t>) return 3;
  if constexpr (std::is_same_v<U, uint16_t>) return 4;
  if constexpr (std::is_same_v<U, int16_t>) return 5;
  if constexpr (std::is_same_v<U, int32_t>) return 6;
  if constexpr (std::is_same_v<U, int64_t>) return 7;
  if constexpr (std::is_same_v<U, std::string>) return 8;
  if constexpr (std::is_same_v<U, bool>) return 9;
  if constexpr (std::is_same_v<U, double>) return 11;
  if constexpr (std::is_same_v<U, uint32_t>) return 12;
  if constexpr (std::is_same_v<U, uint64_t>) return 13;
  return 0;
}

/// A tensor, a sequence or a map. Copies share what they hold; an empty one holds nothing.
class Value {
 public:
  using Shape = std::vector<int64_t>;

  Value() = default;
  /// Takes over a handle of the C interface.
  explicit Value(SardonyxValue* handle) : handle_(handle, Api().release_value) {}

  /// A tensor of zeros, or of empty strings.
  template <typename T>
  static Value Zeros(const Shape& shape) {
    return Zeros(ElementTypeOf<T>(), shape);
  }
  static Value Zeros(int32_t element_type, const Shape& shape) {
    return Make([&](SardonyxValue** value) {
      return Api().create_tensor(element_type, static_cast<int32_t>(shape.size()), shape.data(),
                                 value);
    });
  }
  /// A tensor of `elements`, which are copied.
  template <typename T>
  static Value Of(const Shape& shape, const std::vector<T>& elements) {
    Value value = Zeros<T>(shape);
    if (value.size() != elements.size()) {
      throw Error(SARDONYX_INVALID_ARGUMENT, "the shape holds " + std::to_string(value.size()) +
                                                 " elements, there are " +
                                                 std::to_string(elements.size()));
    }
    for (size_t i = 0; i < elements.size(); ++i) value.SetElement(i, elements[i]);
    return value;
  }
  /// A tensor that shows `count` elements of the caller's, who keeps them as long as any value
  /// shows them.
  template <typename T>
  static Value Borrow(const Shape& shape, T* data, size_t count) {
    return Borrow(ElementTypeOf<T>(), shape, data, count * sizeof(T), nullptr, nullptr);
  }
  /// The same, any element type; release(user) is called when nobody shows them any more.
  static Value Borrow(int32_t element_type, const Shape& shape, const void* data, size_t bytes,
                      void (*release)(void*), void* user) {
    const SardonyxTensor tensor = {element_type, static_cast<int32_t>(shape.size()), shape.data(),
                                   const_cast<void*>(data)};
    return Make([&](SardonyxValue** value) {
      return Api().borrow_tensor(&tensor, bytes, release, user, value);
    });
  }
  static Value Sequence(const std::vector<Value>& elements) {
    const std::vector<const SardonyxValue*> handles = Handles(elements);
    return Make([&](SardonyxValue** value) {
      return Api().create_sequence(handles.data(), handles.size(), value);
    });
  }
  static Value Map(const Value& keys, const std::vector<Value>& values) {
    const std::vector<const SardonyxValue*> handles = Handles(values);
    return Make([&](SardonyxValue** value) {
      return Api().create_map(keys.handle(), handles.data(), handles.size(), value);
    });
  }

  SardonyxKind kind() const { return Api().kind(handle()); }
  /// The tensor as C sees it, valid as long as the value.
  SardonyxTensor Tensor() const {
    SardonyxTensor tensor;
    Check(Api().tensor(handle(), &tensor));
    return tensor;
  }
  /// Of a tensor.
  int32_t element_type() const { return Tensor().element_type; }
  Shape shape() const {
    const SardonyxTensor tensor = Tensor();
    return Shape(tensor.dims, tensor.dims + tensor.rank);
  }
  /// Elements of a tensor or sequence, pairs of a map.
  size_t size() const { return Api().element_count(handle()); }

  /// A tensor's elements, in the memory where they are. T must be its element type; float16 and
  /// bfloat16, which C++17 lacks, are uint16_t, and what is narrower is uint8_t.
  template <typename T>
  Span<T> Data() const {
    const SardonyxTensor tensor = Tensor();
    constexpr int32_t type = ElementTypeOf<T>();
    if (tensor.element_type != type && !IsBitsOf<T>(tensor.element_type)) {
      throw Error(SARDONYX_INVALID_ARGUMENT, "the tensor's element type is " +
                                                 std::to_string(tensor.element_type) + ", not " +
                                                 std::to_string(type));
    }
    return {static_cast<T*>(tensor.data), size()};
  }
  std::string String(size_t element) const {
    const char* text = nullptr;
    size_t length = 0;
    Check(Api().string(handle(), element, &text, &length));
    return std::string(text, length);
  }
  void SetString(size_t element, const std::string& text) {
    Check(Api().set_string(handle(), element, text.data(), text.size()));
  }
  /// A sequence's element, or a map's value.
  Value operator[](size_t position) const {
    return Make([&](SardonyxValue** value) { return Api().element(handle(), position, value); });
  }
  Value Keys() const {
    return Make([&](SardonyxValue** value) { return Api().map_keys(handle(), value); });
  }

  SardonyxValue* handle() const { return handle_.get(); }

  static std::vector<const SardonyxValue*> Handles(const std::vector<Value>& values) {
    std::vector<const SardonyxValue*> handles;
    for (const Value& value : values) handles.push_back(value.handle());
    return handles;
  }

 private:
  template <typename T>
  static bool IsBitsOf(int32_t type) {
    if (std::is_same_v<std::remove_const_t<T>, uint16_t>) return type == 10 || type == 16;
    return std::is_same_v<std::remove_const_t<T>, uint8_t> && type >= 17;
  }
  template <typename Function>
  static Value Make(Function&& function) {
    SardonyxValue* made = nullptr;
    Check(function(&made));
    return Value(made);
  }
  template <typename T>
  void SetElement(size_t i, const T& element) {
    if constexpr (std::is_same_v<T, std::string>) {
      SetString(i, element);
    } else {
      static_cast<T*>(Tensor().data)[i] = element;
    }
  }

  std::shared_ptr<SardonyxValue> handle_;
};

/// How a model is loaded. Each setter returns the options, to go on with.
class Options {
 public:
  Options() : handle_(New(), Api().release_options) {}

  /// Any option by name, as docs/embedding.md lists them.
  Options& Set(const std::string& name, const std::string& value) {
    Check(Api().set_option(handle(), name.c_str(), value.c_str()));
    return *this;
  }
  Options& Backend(const std::string& name) { return Set("backend", name); }
  Options& Accuracy(const std::string& name) { return Set("accuracy", name); }
  Options& Threads(int threads) { return Set("threads", std::to_string(threads)); }
  Options& Plan(const std::string& path) { return Set("plan", path); }
  Options& MemoryLimit(int64_t bytes) { return Set("memory_limit", std::to_string(bytes)); }
  Options& ExtraOutput(const std::string& name) { return Set("extra_output", name); }
  Options& CustomOp(const SardonyxCustomOp& op) {
    Check(Api().add_custom_op(handle(), &op));
    return *this;
  }
  Options& Initializer(const std::string& name, const Value& value) {
    Check(Api().set_initializer(handle(), name.c_str(), value.handle()));
    return *this;
  }
  /// A file of external data in memory, which the caller keeps as long as sessions read it.
  Options& File(const std::string& location, const void* bytes, size_t size) {
    Check(Api().set_file(handle(), location.c_str(), bytes, size, nullptr, nullptr));
    return *this;
  }

  SardonyxOptions* handle() const { return handle_.get(); }

 private:
  static SardonyxOptions* New() {
    SardonyxOptions* options = nullptr;
    Check(Api().create_options(&options));
    return options;
  }
  std::shared_ptr<SardonyxOptions> handle_;
};

/// Where runs spent their time. Copies are the same one.
class Profile {
 public:
  Profile() : handle_(New(), Api().release_profile) {}

  /// What was collected so far; its texts live as long as the profile.
  std::vector<SardonyxLayerTime> Layers() const {
    std::vector<SardonyxLayerTime> layers(Api().profile_size(handle()));
    for (size_t i = 0; i < layers.size(); ++i) Check(Api().profile_layer(handle(), i, &layers[i]));
    return layers;
  }
  /// Draws it over time, for chrome://tracing.
  void WriteTrace(const std::string& path) const {
    Check(Api().write_trace(handle(), path.c_str()));
  }

  SardonyxProfile* handle() const { return handle_.get(); }

 private:
  static SardonyxProfile* New() {
    SardonyxProfile* profile = nullptr;
    Check(Api().create_profile(&profile));
    return profile;
  }
  std::shared_ptr<SardonyxProfile> handle_;
};

/// How a model is run: a time limit, a way to stop from another thread.
class RunOptions {
 public:
  RunOptions() : handle_(New(), Api().release_run) {}

  RunOptions& TimeLimit(double seconds) {
    Check(Api().set_time_limit(handle(), seconds));
    return *this;
  }
  RunOptions& Seed(uint64_t seed) {
    Check(Api().set_seed(handle(), seed));
    return *this;
  }
  RunOptions& Observe(SardonyxObserver observer, void* user) {
    Check(Api().set_observer(handle(), observer, user));
    return *this;
  }
  RunOptions& AddTo(const Profile& profile) {
    Check(Api().set_profile(handle(), profile.handle()));
    return *this;
  }
  /// From any thread.
  void Cancel(bool cancelled = true) { Check(Api().cancel(handle(), cancelled ? 1 : 0)); }

  SardonyxRun* handle() const { return handle_.get(); }

 private:
  static SardonyxRun* New() {
    SardonyxRun* run = nullptr;
    Check(Api().create_run(&run));
    return run;
  }
  std::shared_ptr<SardonyxRun> handle_;
};

/// A loaded model. Copies are the same one; Run may be called from many threads at once.
class Session {
 public:
  explicit Session(const std::string& path, const Options& options = Options())
      : Session([&](SardonyxSession** session) {
          return Api().load_file(path.c_str(), options.handle(), session);
        }) {}
  /// From memory, which is copied; external data lie in `folder` ("": there are none).
  Session(const void* bytes, size_t size, const Options& options = Options(),
          const std::string& folder = "")
      : Session([&](SardonyxSession** session) {
          return Api().load_bytes(bytes, size, folder.c_str(), options.handle(), session);
        }) {}

  /// From memory where weights stay: the caller keeps it, such as a mapped file, as long as the
  /// session and its copies.
  static Session Mapped(const void* bytes, size_t size, const Options& options = Options(),
                        const std::string& folder = "") {
    return Session([&](SardonyxSession** session) {
      return Api().load_mapped(bytes, size, folder.c_str(), nullptr, nullptr, options.handle(),
                               session);
    });
  }

  size_t input_count() const { return Api().input_count(handle()); }
  size_t output_count() const { return Api().output_count(handle()); }
  const SardonyxPort& input(size_t i) const { return There(Api().input(handle(), i)); }
  const SardonyxPort& output(size_t i) const { return There(Api().output(handle(), i)); }
  const SardonyxMetadata& metadata() const { return There(Api().metadata(handle())); }

  /// All outputs, for inputs in the model's order.
  std::vector<Value> Run(const std::vector<Value>& inputs) const {
    return Outputs(nullptr, nullptr, inputs, nullptr, output_count());
  }
  std::vector<Value> Run(const std::vector<Value>& inputs, const RunOptions& options) const {
    return Outputs(options.handle(), nullptr, inputs, nullptr, output_count());
  }
  /// The named outputs, for inputs by name; all of them where no name is given.
  std::map<std::string, Value> Run(const std::map<std::string, Value>& inputs,
                                   std::vector<std::string> outputs = {}) const {
    return RunNamed(nullptr, inputs, std::move(outputs));
  }
  std::map<std::string, Value> Run(const std::map<std::string, Value>& inputs,
                                   std::vector<std::string> outputs,
                                   const RunOptions& options) const {
    return RunNamed(options.handle(), inputs, std::move(outputs));
  }
  /// Writes into tensors that are there, in the model's order.
  void RunInto(const std::vector<Value>& inputs, const std::vector<Value>& outputs) const {
    RunInto(nullptr, inputs, outputs);
  }
  void RunInto(const std::vector<Value>& inputs, const std::vector<Value>& outputs,
               const RunOptions& options) const {
    RunInto(options.handle(), inputs, outputs);
  }

  /// Writes the profile that the option "profile" has asked for; its file's name, "" for none.
  std::string EndProfiling() const {
    const char* path = "";
    Check(Api().end_profiling(handle(), &path));
    return path;
  }

  SardonyxSession* handle() const { return handle_.get(); }

 private:
  template <typename Load, typename = decltype(std::declval<Load>()(nullptr))>
  explicit Session(Load&& load) {
    SardonyxSession* session = nullptr;
    Check(load(&session));
    handle_.reset(session, Api().release_session);
  }
  template <typename T>
  static const T& There(const T* pointer) {
    if (pointer == nullptr) throw Error(SARDONYX_INVALID_ARGUMENT, "there is no such thing");
    return *pointer;
  }
  std::vector<Value> Outputs(SardonyxRun* run, const char* const* input_names,
                             const std::vector<Value>& inputs, const char* const* output_names,
                             size_t count) const {
    const std::vector<const SardonyxValue*> in = Value::Handles(inputs);
    std::vector<SardonyxValue*> out(count, nullptr);
    Check(Api().run(handle(), run, input_names, in.data(), in.size(), output_names, out.data(),
                    count));
    std::vector<Value> outputs;
    for (SardonyxValue* value : out) outputs.emplace_back(value);
    return outputs;
  }
  std::map<std::string, Value> RunNamed(SardonyxRun* run,
                                        const std::map<std::string, Value>& inputs,
                                        std::vector<std::string> outputs) const {
    const size_t count = outputs.empty() ? output_count() : 0;
    for (size_t i = 0; i < count; ++i) outputs.emplace_back(output(i).name);
    std::vector<const char*> names, wanted;
    std::vector<Value> values;
    for (const auto& [name, value] : inputs) {
      names.push_back(name.c_str());
      values.push_back(value);
    }
    for (const std::string& name : outputs) wanted.push_back(name.c_str());
    std::vector<Value> made = Outputs(run, names.data(), values, wanted.data(), wanted.size());
    std::map<std::string, Value> result;
    for (size_t i = 0; i < outputs.size(); ++i) result[outputs[i]] = std::move(made[i]);
    return result;
  }
  void RunInto(SardonyxRun* run, const std::vector<Value>& inputs,
               const std::vector<Value>& outputs) const {
    const std::vector<const SardonyxValue*> in = Value::Handles(inputs);
    std::vector<SardonyxValue*> out;
    for (const Value& value : outputs) {
      if (value.handle() == nullptr) {
        throw Error(SARDONYX_INVALID_ARGUMENT, "an output to write into is empty");
      }
      out.push_back(value.handle());
    }
    Check(Api().run(handle(), run, nullptr, in.data(), in.size(), nullptr, out.data(), out.size()));
  }

  std::shared_ptr<SardonyxSession> handle_;
};

}  // namespace api
}  // namespace sardonyx

#endif  // SARDONYX_SARDONYX_H_
