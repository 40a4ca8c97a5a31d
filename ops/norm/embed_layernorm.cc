// com.microsoft's EmbedLayerNormalization: the layer normalization of sums of embeddings, with
// which BERT (Devlin et al., arXiv:1810.04805) begins.
#include "ops/common/contrib.h"
#include "ops/common/infer.h"
#include "ops/norm/row_sums.h"

namespace sardonyx {
namespace {

enum Input {
  kIds,
  kSegmentIds,
  kWords,
  kPositions,
  kSegments,
  kScale,
  kBias,
  kMask,
  kPositionIds,
};
enum Output { kY, kMaskIndex, kSum };

StatusOr<std::shared_ptr<Attrs>> Parse(ParseContext& context) {
  auto attrs = std::make_shared<LayerNormAttrs>();
  attrs->epsilon = static_cast<double>(context.Float("epsilon", 1e-12f));
  context.Ignore("mask_index_type");  // whether mask_index is wanted, which the outputs say too
  const auto given = [&](size_t i) {
    const std::vector<ValueId>& inputs = context.node().inputs;
    return i < inputs.size() && inputs[i] != kNoValue;
  };
  for (const int i : {kWords, kPositions, kScale, kBias}) {
    if (!given(i)) context.Fail(absl::StrCat("input ", i, " is missing"));
  }
  if (given(kSegmentIds) != given(kSegments)) {
    context.Fail("segment_ids and segment_embedding must be given together");
  }
  return attrs;
}

Status Infer(InferContext& context) {
  SX_ASSIGN_OR_RETURN(
      const DataType element,
      CommonElement(context, Floats{}, {kWords, kPositions, kSegments, kScale, kBias}));
  SX_RETURN_IF_ERROR(
      CommonElement(context, TypeList<int32_t>{}, {kIds, kSegmentIds, kMask, kPositionIds})
          .status());
  Dim batch, length, hidden;
  for (const int i : {kIds, kSegmentIds, kMask, kPositionIds}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, 2, "an input of indices or the mask"));
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) continue;
    const bool shared = i == kPositionIds && (*shape)[0].known() && (*shape)[0].value == 1;
    if (!shared) {
      SX_ASSIGN_OR_RETURN(batch, MergeDims(batch, (*shape)[0], "the batch"));
    }
    SX_ASSIGN_OR_RETURN(length, MergeDims(length, (*shape)[1], "the length of the sequence"));
  }
  for (const int i : {kWords, kPositions, kSegments, kScale, kBias}) {
    SX_RETURN_IF_ERROR(CheckRank(context, i, i < kScale ? 2 : 1, absl::StrCat("input ", i)));
    const SymbolicShape* shape = context.shape(i);
    if (shape == nullptr) continue;
    SX_ASSIGN_OR_RETURN(hidden, MergeDims(hidden, shape->back(), "the size of an embedding"));
  }
  context.set_output(kY, element, SymbolicShape{batch, length, hidden});
  if (context.has_output(kMaskIndex)) {
    context.set_output(kMaskIndex, DataType::kInt32, SymbolicShape{batch});
  }
  if (context.has_output(kSum)) {
    context.set_output(kSum, element, SymbolicShape{batch, length, hidden});
  }
  return absl::OkStatus();
}

/// Errors unless every index of input `ids` is a row of input `table`.
Status CheckIndices(const KernelContext& context, int ids, int table) {
  if (!context.has_input(ids)) return absl::OkStatus();
  const int64_t rows = context.input(table).dim(0);
  for (const int32_t id : context.input(ids).span<int32_t>()) {
    if (id >= 0 && id < rows) continue;
    return InvalidArgument("input ", ids, " has the index ", id, ", but there are ", rows,
                           " embeddings");
  }
  return absl::OkStatus();
}

/// For each sequence how many of its places the mask has; 0 without a mask.
void CountMask(KernelContext& context) {
  Tensor& index = context.output(kMaskIndex);
  for (int64_t b = 0; b < index.size(); ++b) {
    int32_t count = 0;
    if (context.has_input(kMask)) {
      const int64_t length = context.input(kMask).dim(1);
      const int32_t* mask = context.input(kMask).data<int32_t>() + b * length;
      for (int64_t i = 0; i < length; ++i) count += mask[i] != 0;
    }
    index.data<int32_t>()[b] = count;
  }
}

template <Status (*normalize)(const KernelContext&, const RowSums&)>
Status Run(KernelContext& context) {
  const Tensor& ids = context.input(kIds);
  const int64_t length = ids.dim(1);
  SX_RETURN_IF_ERROR(CheckIndices(context, kIds, kWords));
  SX_RETURN_IF_ERROR(CheckIndices(context, kSegmentIds, kSegments));
  SX_RETURN_IF_ERROR(CheckIndices(context, kPositionIds, kPositions));
  if (!context.has_input(kPositionIds) && context.input(kPositions).dim(0) < length) {
    return InvalidArgument("there are ", context.input(kPositions).dim(0),
                           " position embeddings for a sequence of ", length);
  }
  if (context.has_output(kMaskIndex)) CountMask(context);
  const auto data = [&](int i) {
    return context.has_input(i) ? context.input(i).data<int32_t>() : nullptr;
  };
  const int32_t *words = data(kIds), *segments = data(kSegmentIds), *positions = data(kPositionIds);
  const bool shared = positions != nullptr && context.input(kPositionIds).dim(0) == 1;
  const auto row_of = [&](int term, int64_t i) -> int64_t {
    if (term == 0) return words[i];
    if (term == 2) return segments[i];
    if (positions == nullptr) return i % length;
    return positions[shared ? i % length : i];
  };
  RowSums sums{.attrs = context.attrs<LayerNormAttrs>(),
               .rows = ids.size(),
               .length = context.input(kWords).dim(1),
               .terms = {&context.input(kWords), &context.input(kPositions)},
               .row_of = row_of,
               .scale = &context.input(kScale),
               .bias = &context.input(kBias)};
  if (segments != nullptr) sums.terms.push_back(&context.input(kSegments));
  if (context.has_output(kY)) sums.y = &context.output(kY);
  if (context.has_output(kSum)) sums.sum = &context.output(kSum);
  return normalize(context, sums);
}

}  // namespace

OpDef EmbedLayerNormalizationOp() {
  return AsContrib(
      {.min_inputs = 1,
       .max_inputs = 9,
       .max_outputs = 3,
       .parse = Parse,
       .infer = Infer,
       .kernels = {SimpleKernel<Run<NormalizeNative>>("embed_layernorm.native", Backend::kNative,
                                                      RefusesAllButFloatRows),
                   SimpleKernel<Run<NormalizeReference>>("embed_layernorm.reference")}},
      "EmbedLayerNormalization");
}

}  // namespace sardonyx
