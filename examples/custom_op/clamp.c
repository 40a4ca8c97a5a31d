/* An operator of one's own in a shared library:
 *
 *   cc -shared -fPIC -I include examples/custom_op/clamp.c -o clamp.so
 *   sardonyx run model.onnx --custom-ops clamp.so
 *
 * com.example Clamp(X) -> Y, since opset 1: Y = min(max(X, low), high) for float tensors; the
 * attributes low and high are floats, 0 and 1 where they are left out. */
#include <stdlib.h>

#include "sardonyx/custom_op.h"

typedef struct Clamp {
  float low, high;
} Clamp;

static int Parse(const SardonyxOpHost* host, SardonyxOpCall* call, void* user, void** attributes) {
  (void)user;
  Clamp* clamp = malloc(sizeof(Clamp));
  if (clamp == NULL) return 1;
  *attributes = clamp; /* from here on the runtime releases it, whatever happens */
  clamp->low = 0;
  clamp->high = 1;
  host->attribute_float(call, "low", &clamp->low);
  host->attribute_float(call, "high", &clamp->high);
  if (clamp->low <= clamp->high) return 0;
  host->fail(call, "low is greater than high");
  return 1;
}

static int Infer(const SardonyxOpHost* host, SardonyxOpCall* call, const void* attributes) {
  (void)attributes;
  SardonyxTensor x;
  if (!host->input_type(call, 0, &x)) return 1;
  if (x.element_type != 0 && x.element_type != 1) {
    host->fail(call, "X is not a tensor of floats");
    return 1;
  }
  host->set_output_type(call, 0, 1, x.rank, x.dims);
  return 0;
}

typedef struct Span {
  const Clamp* clamp;
  const float* x;
  float* y;
} Span;

static void ClampRange(void* user, int64_t begin, int64_t end) {
  const Span* span = user;
  for (int64_t i = begin; i < end; ++i) {
    const float x = span->x[i];
    span->y[i] = x < span->clamp->low    ? span->clamp->low
                 : x > span->clamp->high ? span->clamp->high
                                         : x;
  }
}

static int Run(const SardonyxOpHost* host, SardonyxOpCall* call, const void* attributes) {
  SardonyxTensor x, y;
  if (!host->input(call, 0, &x) || !host->output(call, 0, &y)) return 1;
  int64_t elements = 1;
  for (int32_t i = 0; i < x.rank; ++i) elements *= x.dims[i];
  Span span = {attributes, x.data, y.data};
  return host->parallel_for(call, elements, 1, ClampRange, &span) ? 0 : 1;
}

static const SardonyxCustomOp kClamp = {
    .abi = SARDONYX_CUSTOM_OP_ABI,
    .domain = "com.example",
    .name = "Clamp",
    .since_version = 1,
    .min_inputs = 1,
    .max_inputs = 1,
    .min_outputs = 1,
    .max_outputs = 1,
    .parse = Parse,
    .release = free,
    .infer = Infer,
    .run = Run,
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const SardonyxCustomOp* const*
sardonyx_custom_ops(void) {
  static const SardonyxCustomOp* const ops[] = {&kClamp, NULL};
  return ops;
}
