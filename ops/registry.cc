// The explicit list of operator families. Adding a family means adding two lines here.
#include <algorithm>
#include <map>
#include <utility>

#include "ops/attention/ops.h"
#include "ops/control/ops.h"
#include "ops/conv/ops.h"
#include "ops/elementwise/ops.h"
#include "ops/image/ops.h"
#include "ops/index/ops.h"
#include "ops/matmul/ops.h"
#include "ops/ml/ops.h"
#include "ops/norm/ops.h"
#include "ops/picture/ops.h"
#include "ops/pool/ops.h"
#include "ops/quant/ops.h"
#include "ops/random/ops.h"
#include "ops/reduce/ops.h"
#include "ops/rnn/ops.h"
#include "ops/shape/ops.h"
#include "ops/signal/ops.h"
#include "ops/text/ops.h"
#include "ops/training/ops.h"
#include "runtime/op.h"

namespace sardonyx {
namespace {

using Families = std::vector<OpDef> (*)();
constexpr Families kFamilies[] = {
    ControlOps,   ConvOps,   ElementwiseOps, ImageOps,  IndexOps,   MatmulOps, NormOps,
    PoolOps,      QuantOps,  RandomOps,      ReduceOps, RnnOps,     ShapeOps,  TrainingOps,
    AttentionOps, SignalOps, TextOps,        MlOps,     PictureOps,
};

struct Registry {
  // An operator that stands in two families shows twice, which a test forbids.
  std::multimap<std::pair<absl::string_view, absl::string_view>, OpDef> ops;
  std::vector<const OpDef*> list;

  Registry() {
    for (Families family : kFamilies) {
      for (OpDef& op : family()) {
        const auto key = std::make_pair(op.domain, op.name);
        ops.emplace(key, std::move(op));
      }
    }
    for (const auto& [key, op] : ops) list.push_back(&op);
  }
};

const Registry& TheRegistry() {
  static const Registry* const registry = new Registry();
  return *registry;
}

}  // namespace

absl::Span<const OpDef* const> AllOps() { return TheRegistry().list; }

const OpDef* FindOp(absl::string_view domain, absl::string_view name) {
  const auto& ops = TheRegistry().ops;
  const auto found = ops.find({domain, name});
  return found == ops.end() ? nullptr : &found->second;
}

}  // namespace sardonyx
