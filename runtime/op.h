// What an operator is: how its attributes are read, what it yields, and the kernels that compute
// it.
//
// An operator family in ops/ fills in OpDefs from functions that take one of the contexts below;
// importer, passes and session work with OpDefs alone and know no operator by name.
#pragma once

#include <any>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/base/run_control.h"
#include "runtime/base/tensor.h"
#include "runtime/base/thread_pool.h"
#include "runtime/graph/graph.h"

namespace sardonyx {

/// Base of each operator's typed attributes: `struct ConvAttrs : Attrs { Ints strides; ... };`
struct Attrs {
  virtual ~Attrs() = default;
};

// ---- Reading attributes -------------------------------------------------------------------

/// Typed access to a node's attributes. A getter returns `fallback` where the attribute is absent,
/// and where it has another type it does so too and remembers the error; so a Parse function reads
/// all it knows, checks ranges, and returns. What was not read is unknown, and an error.
class ParseContext {
 public:
  explicit ParseContext(const Node& node) : node_(node) {}

  const Node& node() const { return node_; }
  /// The opset version of the node's domain: branch on it where opsets differ.
  int version() const { return node_.version; }
  bool Has(const std::string& name) const { return node_.attributes.count(name) > 0; }

  int64_t Int(const std::string& name, int64_t fallback);
  bool Flag(const std::string& name, bool fallback) { return Int(name, fallback) != 0; }
  float Float(const std::string& name, float fallback);
  std::string String(const std::string& name, std::string fallback);
  Ints IntList(const std::string& name, Ints fallback = {});
  std::vector<float> FloatList(const std::string& name, std::vector<float> fallback = {});
  std::vector<std::string> StringList(const std::string& name,
                                      std::vector<std::string> fallback = {});
  /// Undefined / null / nullopt where absent.
  Tensor TensorValue(const std::string& name);
  std::shared_ptr<Graph> GraphValue(const std::string& name);
  std::optional<Type> TypeValue(const std::string& name);
  /// An element type given as its number; `fallback` where absent. Errors: no such type.
  DataType DataTypeValue(const std::string& name, DataType fallback);

  /// Reads and ignores an attribute that has no effect here.
  void Ignore(const std::string& name) { read_.insert(name); }
  void Require(const std::string& name);  // an error where it is absent
  void Fail(const std::string& message);  // keeps the first

  /// The first ill-typed or, `attributes` having all been read, unknown attribute.
  Status Finish() const;

 private:
  template <typename T>
  const T* Find(const std::string& name, absl::string_view wanted);

  const Node& node_;
  std::set<std::string> read_;
  Status status_;
};

// ---- Types and shapes ---------------------------------------------------------------------

/// What a node's inputs are known to be, and where its outputs' types go. Used when a model is
/// compiled (dimensions may be symbols, values unknown) and again with the shapes of a run.
class InferContext {
 public:
  /// Infers the types of a subgraph's outputs from those of its inputs.
  using BodyInference = std::function<StatusOr<std::vector<Type>>(const Graph&, std::vector<Type>)>;

  struct Input {
    Type type;
    const Tensor* value = nullptr;      // where it is known
    std::optional<SymbolicShape> ints;  // a list of integers known but for symbols (see ints())
  };
  struct Output {
    Type type;
    std::optional<SymbolicShape> ints;
  };

  InferContext(const Node& node, std::vector<Input> inputs, BodyInference infer_body)
      : node_(node),
        inputs_(std::move(inputs)),
        outputs_(node.outputs.size()),
        infer_body_(std::move(infer_body)) {}

  const Node& node() const { return node_; }
  int version() const { return node_.version; }
  template <typename A>
  const A& attrs() const {
    return static_cast<const A&>(*node_.attrs);
  }

  int input_count() const { return static_cast<int>(inputs_.size()); }
  bool has_input(int i) const { return i < input_count() && node_.inputs[i] != kNoValue; }
  /// kUnknown where nothing is known, or the input is left out.
  const Type& input(int i) const;
  /// Element type of a tensor input; kUndefined where it is not known.
  DataType element(int i) const { return input(i).element; }
  /// Shape of a tensor input; null where the rank is not known.
  const SymbolicShape* shape(int i) const {
    return input(i).is_tensor() && input(i).shape ? &*input(i).shape : nullptr;
  }
  /// The input's elements, where they are known before the run; null otherwise.
  const Tensor* value(int i) const { return i < input_count() ? inputs_[i].value : nullptr; }
  /// An integer tensor of rank 0 or 1 as a list in which single elements may be symbols or
  /// unknown: what Shape yields and Reshape reads. nullopt where not even the count is known.
  std::optional<SymbolicShape> ints(int i) const;

  int output_count() const { return static_cast<int>(outputs_.size()); }
  bool has_output(int i) const { return i < output_count() && node_.outputs[i] != kNoValue; }
  void set_output(int i, Type type) {
    if (i < output_count()) outputs_[i].type = std::move(type);
  }
  void set_output(int i, DataType element, std::optional<SymbolicShape> shape) {
    set_output(i, Type::Tensor(element, std::move(shape)));
  }
  void set_ints(int i, SymbolicShape ints) {
    if (i < output_count()) outputs_[i].ints = std::move(ints);
  }

  StatusOr<std::vector<Type>> InferBody(const Graph& body, std::vector<Type> inputs) const {
    return infer_body_(body, std::move(inputs));
  }

  std::vector<Output>& outputs() { return outputs_; }
  const std::vector<Output>& outputs() const { return outputs_; }

 private:
  const Node& node_;
  std::vector<Input> inputs_;
  std::vector<Output> outputs_;
  BodyInference infer_body_;
};

/// Broadcasts symbolically: a known dimension above 1 wins over a symbol; errors as
/// BroadcastShapes. nullopt if either rank is not known.
StatusOr<std::optional<SymbolicShape>> BroadcastSymbolic(const SymbolicShape* a,
                                                         const SymbolicShape* b);

/// InferFn for operators whose output 0 has the type and shape of input 0.
Status InferSameAsInput(InferContext& context);

// ---- Computing ----------------------------------------------------------------------------

enum class Backend { kReference, kNative, kOneDnn };
absl::string_view Name(Backend backend);  // "reference", "native", "onednn"

/// How much error the native kernels may trade for speed.
enum class Accuracy { kStrict, kDefault, kFast };

/// Runs the subgraphs of the node at hand.
class BodyRunner {
 public:
  virtual ~BodyRunner() = default;
  /// Runs `body`, one of the node's subgraphs, on `inputs`; captures are found by themselves. The
  /// outputs may lie in memory that the next Run of the same body overwrites: Clone to keep.
  virtual Status Run(const Graph& body, absl::Span<const Value> inputs,
                     std::vector<Value>* outputs) = 0;
};

/// What every kernel of a run shares.
struct RunEnvironment {
  ThreadPool* pool = nullptr;
  const RunControl* control = nullptr;
  std::shared_ptr<MemoryBudget> budget;
  uint64_t seed = 0;  // for random operators whose own seed is not given
};

/// A node's inputs and outputs during a run.
class KernelContext {
 public:
  KernelContext(const Node& node, const RunEnvironment& environment, BodyRunner* bodies,
                absl::Span<const Value* const> inputs, absl::Span<Value* const> outputs,
                absl::Span<std::byte> scratch = {}, int64_t row_stride = 0)
      : node_(node),
        environment_(environment),
        bodies_(bodies),
        inputs_(inputs),
        outputs_(outputs),
        scratch_(scratch),
        row_stride_(row_stride) {}

  const Node& node() const { return node_; }
  int version() const { return node_.version; }
  template <typename A>
  const A& attrs() const {
    return static_cast<const A&>(*node_.attrs);
  }

  int input_count() const { return static_cast<int>(inputs_.size()); }
  bool has_input(int i) const { return i < input_count() && inputs_[i] != nullptr; }
  /// A tensor input; an undefined tensor where it is left out or no tensor.
  const Tensor& input(int i) const;
  /// Any input, an optional's included; none where it is left out.
  const Value& value(int i) const;

  int output_count() const { return static_cast<int>(outputs_.size()); }
  bool has_output(int i) const { return i < output_count() && outputs_[i] != nullptr; }
  /// Whether inference gave output i a whole shape, so that it has its memory already.
  bool has_placed_output(int i) const { return has_output(i) && outputs_[i]->is_tensor(); }
  /// A tensor output of the type and shape that inference gave it, its elements not initialised.
  /// Only where inference gave a whole shape; otherwise Allocate it first.
  Tensor& output(int i) { return outputs_[i]->tensor(); }
  /// Elements from a row of output 0 to the next, rows lying along its last axis (rank 1 at least).
  /// More than a row has only where KernelDef::strided_rows says that the kernel looks at it.
  int64_t row_stride() const {
    return row_stride_ > 0 ? row_stride_ : outputs_[0]->tensor().shape().dims().back();
  }
  /// Gives output i this type and shape: its planned memory where that fits, or new memory.
  StatusOr<Tensor*> Allocate(int i, DataType type, const Shape& shape);
  /// Makes any value output i, sharing its elements; those of a tensor inside a sequence or map
  /// must be its own (Tensor::Clone), not an input's.
  void set_output(int i, Value value) {
    if (has_output(i)) *outputs_[i] = std::move(value);
  }

  /// The kernel's own scratch memory of the size it asked for, aligned to kAlignment.
  absl::Span<std::byte> scratch() const { return scratch_; }
  /// New memory for a temporary tensor, counted in the run's budget. Not in steady-state kernels.
  StatusOr<Tensor> Temporary(DataType type, Shape shape) const {
    return Tensor::CreateUninitialized(type, std::move(shape), environment_.budget);
  }

  const RunEnvironment& environment() const { return environment_; }
  /// ThreadPool::ParallelFor under this run's control; every long loop goes through it.
  Status ParallelFor(int64_t n, double cost, absl::FunctionRef<void(int64_t, int64_t)> body) const {
    return environment_.pool->ParallelFor(n, cost, *environment_.control, body);
  }
  Status ParallelTasks(int64_t tasks, absl::FunctionRef<void(int64_t)> body) const {
    return environment_.pool->ParallelTasks(tasks, *environment_.control, body);
  }
  /// An error once the run should stop; for loops that ParallelFor does not suit.
  Status Check() const { return environment_.control->Check(); }

  BodyRunner& bodies() const { return *bodies_; }

 private:
  const Node& node_;
  const RunEnvironment& environment_;
  BodyRunner* bodies_;
  absl::Span<const Value* const> inputs_;
  absl::Span<Value* const> outputs_;
  absl::Span<std::byte> scratch_;
  int64_t row_stride_;  // 0: rows lie side by side
};

/// Things that kernels derived from constants (packed weights), kept for all plans of a program.
/// Thread-safe.
class PackCache {
 public:
  /// `transformed_limit`: bytes of weights that kernels may keep in a form larger than the
  /// original.
  explicit PackCache(int64_t transformed_limit = std::numeric_limits<int64_t>::max());
  ~PackCache();
  /// The object under `key`, made by `make` the first time; null, which is not kept, where that
  /// gives null. T must match the key.
  template <typename T>
  std::shared_ptr<const T> Get(const std::string& key,
                               const std::function<std::shared_ptr<const T>()>& make) {
    return std::static_pointer_cast<const T>(
        GetErased(key, [&]() -> std::shared_ptr<const void> { return make(); }));
  }
  const std::shared_ptr<MemoryBudget>& transformed() const { return transformed_; }

 private:
  std::shared_ptr<const void> GetErased(const std::string& key,
                                        const std::function<std::shared_ptr<const void>()>& make);
  struct State;
  std::unique_ptr<State> state_;
  const std::shared_ptr<MemoryBudget> transformed_;
};

/// A node as a kernel sees it before any run: to decide whether to take it, and to prepare.
class PrepareContext {
 public:
  PrepareContext(const Node& node, std::vector<Type> inputs, std::vector<const Tensor*> constants,
                 std::vector<Type> outputs, const RunEnvironment& environment, Accuracy accuracy,
                 PackCache* cache)
      : node_(node),
        inputs_(std::move(inputs)),
        constants_(std::move(constants)),
        outputs_(std::move(outputs)),
        environment_(environment),
        accuracy_(accuracy),
        cache_(cache) {}

  const Node& node() const { return node_; }
  int version() const { return node_.version; }
  template <typename A>
  const A& attrs() const {
    return static_cast<const A&>(*node_.attrs);
  }
  int input_count() const { return static_cast<int>(inputs_.size()); }
  bool has_input(int i) const { return i < input_count() && node_.inputs[i] != kNoValue; }
  const Type& input(int i) const { return inputs_[i]; }
  DataType element(int i) const {
    return i < input_count() ? inputs_[i].element : DataType::kUndefined;
  }
  /// Of a tensor input whose every dimension is known before the run.
  std::optional<Shape> shape(int i) const {
    return i < input_count() ? inputs_[i].StaticShape() : std::nullopt;
  }
  /// An input that is the same in every run; null otherwise.
  const Tensor* constant(int i) const { return i < input_count() ? constants_[i] : nullptr; }
  const Type& output(int i) const { return outputs_[i]; }

  /// Threads and memory for packing constants.
  const RunEnvironment& environment() const { return environment_; }
  int threads() const { return environment_.pool->threads(); }  // of the runs
  Accuracy accuracy() const { return accuracy_; }
  /// What weights count in that are kept in a form larger than the original.
  const std::shared_ptr<MemoryBudget>& transformed() const { return cache_->transformed(); }
  /// Keys are made unique to this node by the cache's owner: "winograd4.weights" will do.
  template <typename T>
  std::shared_ptr<const T> Shared(const std::string& key,
                                  const std::function<std::shared_ptr<const T>()>& make) const {
    return cache_->Get<T>(absl::StrCat(node_.outputs.empty() ? -1 : node_.outputs[0], ":", key),
                          make);
  }
  /// Why Shared gave nothing: packing was to stop, or there is no memory for `what`.
  Status NotPacked(absl::string_view what) const {
    SX_RETURN_IF_ERROR(environment_.control->Check());
    return LimitExceeded("no memory to pack ", what);
  }

 private:
  const Node& node_;
  std::vector<Type> inputs_;
  std::vector<const Tensor*> constants_;
  std::vector<Type> outputs_;
  const RunEnvironment& environment_;
  Accuracy accuracy_;
  PackCache* cache_;
};

/// A kernel prepared for one node. Immutable: several threads may Run it at once.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual Status Run(KernelContext& context) const = 0;
  /// Bytes of scratch memory that each Run needs.
  virtual int64_t scratch_bytes() const { return 0; }
  /// Whether Run reads the elements of that input. Of a constant that no kernel reads, as they have
  /// packed it, the memory may be given back; its type and shape stay.
  virtual bool reads(int input) const {
    static_cast<void>(input);
    return true;
  }
};

struct KernelDef {
  absl::string_view name;  // "family.method", such as "conv.im2col"
  Backend backend = Backend::kReference;
  /// Empty where the kernel takes the node; otherwise why not, in words for the user.
  std::string (*refuses)(const PrepareContext& context) = nullptr;  // null: takes every node
  StatusOr<std::unique_ptr<Kernel>> (*prepare)(const PrepareContext& context) = nullptr;
  /// About how long a run takes, in nanoseconds, where several kernels compete: of those that say
  /// so, the least is taken. Null: it is taken wherever no kernel before it is.
  double (*estimate_ns)(const PrepareContext& context) = nullptr;
  /// Whether Run writes output 0 as KernelContext::row_stride says, so that its rows may lie in
  /// those of a larger tensor.
  bool strided_rows = false;
};

/// A kernel that needs no preparation, from a function.
template <Status (*run)(KernelContext&)>
KernelDef SimpleKernel(absl::string_view name, Backend backend = Backend::kReference,
                       std::string (*refuses)(const PrepareContext&) = nullptr) {
  struct Simple : Kernel {
    Status Run(KernelContext& context) const override { return run(context); }
  };
  return {.name = name,
          .backend = backend,
          .refuses = refuses,
          .prepare = [](const PrepareContext&) -> StatusOr<std::unique_ptr<Kernel>> {
            return std::make_unique<Simple>();
          }};
}

// ---- The operator -------------------------------------------------------------------------

/// A pattern around one node that is replaced by something cheaper with the same result. Owned by
/// the operator of `node`; tries to apply once and says whether it did. It may change the node's
/// typed attributes (a new object), inputs and outputs, add constants and mark nodes removed; types
/// of new values must be set. `producers` and `uses` are those of graph when it was called.
struct Rewrite {
  absl::string_view name;  // "conv+batchnorm"
  StatusOr<bool> (*apply)(Graph& graph, int node, const std::vector<int>& producers,
                          const std::vector<int>& uses) = nullptr;
  /// Tried only once layouts have been chosen, when the others, which know ONNX's alone, are done.
  bool after_layouts = false;
};

/// An operator's part in the channels-last layout, [N, D..., C] in the place of ONNX's [N, C,
/// D...], in which convolutions run best. The layout pass asks `inputs`, and where it moves the
/// node to that layout it calls `convert` and gives it such inputs and outputs.
struct ChannelsLast {
  /// The inputs that would have to be channels-last, those of the outputs' rank (all outputs would
  /// be too); none: the node must stay as it is. Others stay as they are.
  std::vector<int> (*inputs)(const Graph& graph, const Node& node) = nullptr;  // null: none
  /// Changes the node's typed attributes (a new object), or constants of its own among the inputs;
  /// null: there is nothing to change.
  void (*convert)(Graph& graph, Node& node) = nullptr;
  /// Whether the node gains so much that tensors are converted for it; otherwise it follows its
  /// neighbours.
  bool gains = false;
};

/// A node that permutes axes: output axis i is axis permutation[i] of `from`.
Node MakeTransposition(const Ints& permutation, ValueId from, ValueId to);

class GradientContext;  // runtime/gradient.h

struct OpDef {
  absl::string_view domain;  // "" is ai.onnx
  absl::string_view name;
  std::vector<int> versions;  // opset versions at which the operator appeared or changed, rising
  int min_inputs = 0;         // counts as of any version
  int max_inputs = 0;         // kVariadic: any number
  int min_outputs = 1;
  int max_outputs = 1;
  StatusOr<std::shared_ptr<Attrs>> (*parse)(ParseContext&) = nullptr;  // null: no attributes
  Status (*infer)(InferContext&) = nullptr;
  std::vector<KernelDef> kernels;  // in order of preference under `auto`; the last is reference
  std::vector<Rewrite> rewrites = {};
  /// Output 0 is the memory of input 0 in its inferred shape; no kernel runs for tensors.
  bool view = false;
  /// Inputs whose memory output 0 may overwrite where it has the same size in bytes.
  std::vector<int> in_place = {};
  /// The axis, not negative, along which output 0 of that rank holds the inputs one behind another.
  /// Inputs that nobody else reads are then computed where they lie in it; the kernel must leave
  /// alone what is in its place. Null: output 0 is no such thing.
  int (*joined_axis)(const Node& node, int rank) = nullptr;
  /// The same inputs always give the same outputs: may be folded and merged.
  bool pure = true;
  ChannelsLast channels_last = {};
  int last_version = 0;  // the last opset that has the operator; 0: the newest
  /// Multiplications and additions as one, for one run; null: not counted.
  double (*multiply_adds)(const PrepareContext&) = nullptr;
  /// Adds nodes that compute the gradients of a node's inputs; null: cannot be differentiated.
  Status (*gradient)(GradientContext&) = nullptr;
  /// Adds nodes of other operators that compute the outputs of `node`, which is then removed; for
  /// operators without kernels. Types have been inferred. False where it cannot be done before
  /// types of nodes that it or others added are inferred too.
  StatusOr<bool> (*expand)(Graph& graph, int node) = nullptr;
};
inline constexpr int kVariadic = 1 << 30;

/// Operators besides the built-in ones, in order of preference and before those.
using CustomOps = std::vector<std::shared_ptr<const OpDef>>;

/// Every operator, sorted by domain and name. Built once, never changed.
absl::Span<const OpDef* const> AllOps();
/// The operator, whatever its version; null if there is none.
const OpDef* FindOp(absl::string_view domain, absl::string_view name);

}  // namespace sardonyx
