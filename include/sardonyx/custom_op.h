/* Operators of an application's own, in C so that any compiler's code may be loaded.
 *
 * An operator is a SardonyxCustomOp: a name and three functions. `parse` reads a node's attributes
 * once, `infer` says what its outputs are, `run` computes them. Each is given the runtime's
 * function table and a handle of the call at hand, which is valid during that call alone. A
 * function returns 0 when all is well and anything else after it has said with `fail` what is
 * wrong; none may throw. `run` is called from many threads at once for the same attributes.
 *
 * A shared library offers its operators through one exported function:
 *
 *   const SardonyxCustomOp* const* sardonyx_custom_ops(void);    a list that ends with a null
 * pointer
 */
#ifndef SARDONYX_CUSTOM_OP_H_
#define SARDONYX_CUSTOM_OP_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of SardonyxCustomOp below. Another one is refused. */
#define SARDONYX_CUSTOM_OP_ABI 1

/* A dense row-major array. Element types have the numbers of ONNX's TensorProto.DataType (1 float,
 * 7 int64, 11 double, ...); elements of 4 and 2 bits take a byte each; strings do not cross.
 * `dims` and `data` belong to the runtime. The data of an input or attribute must not be written.
 */
typedef struct SardonyxTensor {
  int32_t element_type;
  int32_t rank;
  const int64_t* dims;
  void* data; /* aligned to 64 bytes where the runtime made it; may be null without elements */
} SardonyxTensor;

typedef struct SardonyxOpCall SardonyxOpCall;

/* What the runtime offers. Members are only ever appended; `size` is that of the runtime's table in
 * bytes, so a member is there if it lies below it. Functions that return int return 1 for yes,
 * there it is, and 0 for no. Positions are from 0; one that does not exist counts as left out. */
typedef struct SardonyxOpHost {
  size_t size;

  /* In every call. The message is copied; the first one counts. */
  void (*fail)(SardonyxOpCall* call, const char* message);
  int32_t (*input_count)(const SardonyxOpCall* call);
  int32_t (*output_count)(const SardonyxOpCall* call);

  /* In parse. An attribute of another type fails the node; so does one that nobody asks for. What
   * is pointed to lives as long as the attributes that parse returns. */
  int (*attribute_int)(SardonyxOpCall* call, const char* name, int64_t* value);
  int (*attribute_float)(SardonyxOpCall* call, const char* name, float* value);
  int (*attribute_string)(SardonyxOpCall* call, const char* name, const char** value);
  int (*attribute_ints)(SardonyxOpCall* call, const char* name, const int64_t** values,
                        size_t* count);
  int (*attribute_floats)(SardonyxOpCall* call, const char* name, const float** values,
                          size_t* count);
  int (*attribute_tensor)(SardonyxOpCall* call, const char* name, SardonyxTensor* value);

  /* In infer. The type of an input as far as it is known: element_type 0, rank -1 and dims of -1
   * stand for what is not known yet. infer is called again with whole shapes before each run of
   * shapes not met before. */
  int (*input_type)(SardonyxOpCall* call, int32_t input, SardonyxTensor* type);
  /* The elements of an input, where they are known before the run. */
  int (*input_value)(SardonyxOpCall* call, int32_t input, SardonyxTensor* value);
  /* rank -1 and dims of -1: not known. */
  void (*set_output_type)(SardonyxOpCall* call, int32_t output, int32_t element_type, int32_t rank,
                          const int64_t* dims);

  /* In run. */
  int (*input)(SardonyxOpCall* call, int32_t input, SardonyxTensor* tensor);
  /* Memory for an output whose whole shape infer has set; its elements are not initialised. */
  int (*output)(SardonyxOpCall* call, int32_t output, SardonyxTensor* tensor);
  /* The same for an output whose shape shows only now; 0 where memory is refused. */
  int (*allocate_output)(SardonyxOpCall* call, int32_t output, int32_t element_type, int32_t rank,
                         const int64_t* dims, SardonyxTensor* tensor);
  /* Calls body(user, begin, end) for ranges that together are 0..n, from several threads, each call
   * about a millisecond long; `cost` is the nanoseconds that one step takes. Returns 0 once the run
   * is cancelled or out of time: return from `run` with an error then. */
  int (*parallel_for)(SardonyxOpCall* call, int64_t n, double cost,
                      void (*body)(void* user, int64_t begin, int64_t end), void* user);
} SardonyxOpHost;

/* An operator. Everything it points to lives as long as the sessions that use it. */
typedef struct SardonyxCustomOp {
  uint32_t abi;       /* SARDONYX_CUSTOM_OP_ABI */
  const char* domain; /* "com.example"; "" is ONNX's own. It goes before the runtime's operators. */
  const char* name;   /* "Clamp" */
  int32_t since_version;            /* the first opset of the domain that has it, from 1 */
  int32_t min_inputs, max_inputs;   /* max -1: any number */
  int32_t min_outputs, max_outputs; /* likewise */
  void* user;                       /* given to parse */
  /* Null: the operator has no attributes. `attributes` is given to infer, run and release. */
  int (*parse)(const SardonyxOpHost* host, SardonyxOpCall* call, void* user, void** attributes);
  void (*release)(void* attributes); /* null: nothing to release */
  int (*infer)(const SardonyxOpHost* host, SardonyxOpCall* call, const void* attributes);
  int (*run)(const SardonyxOpHost* host, SardonyxOpCall* call, const void* attributes);
} SardonyxCustomOp;

#ifdef __cplusplus
}
#endif

#endif /* SARDONYX_CUSTOM_OP_H_ */
