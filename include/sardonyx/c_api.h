/* Sardonyx in C: load an ONNX model, run it.
 *
 * sardonyx_api() gives a table of functions; everything else is reached through it. Members of
 * tables and structs that the library hands out are only ever appended, so a program built against
 * an older header goes on working with a newer library. No exception and no C++ type crosses.
 *
 * Functions that can fail return null when all is well, otherwise a SardonyxStatus that the caller
 * releases; what they would have made is then left alone. A null where an object is needed is an
 * error too, never a crash. Every release function takes null. Strings are UTF-8 and end with a
 * zero byte.
 *
 * Threads: a session may be used by any number of threads at once, released while others still run
 * it (they finish), and used after its release (an error). Options, runs and values may be read by
 * several threads, and changed or released only while nobody else uses them; only `cancel` may be
 * called at any time while its run exists. A child of fork may go on using the sessions of its
 * parent, each call on one thread, if none was running when it was made. */
#ifndef SARDONYX_C_API_H_
#define SARDONYX_C_API_H_

#include <stddef.h>
#include <stdint.h>

#include "sardonyx/custom_op.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SARDONYX_EXPORT __attribute__((visibility("default")))
#else
#define SARDONYX_EXPORT
#endif

/* The version of the table below. */
#define SARDONYX_API_VERSION 2

typedef struct SardonyxStatus SardonyxStatus;   /* what went wrong */
typedef struct SardonyxOptions SardonyxOptions; /* how a model is loaded */
typedef struct SardonyxSession SardonyxSession; /* a loaded model */
typedef struct SardonyxValue SardonyxValue;     /* a tensor, sequence or map */
typedef struct SardonyxRun SardonyxRun;         /* how a model is run */
typedef struct SardonyxProfile SardonyxProfile; /* where runs spent their time; since version 2 */

/* The numbers of gRPC's status codes. */
typedef enum SardonyxCode {
  SARDONYX_CANCELLED = 1,
  SARDONYX_INVALID_ARGUMENT = 3,
  SARDONYX_DEADLINE_EXCEEDED = 4,
  SARDONYX_NOT_FOUND = 5,
  SARDONYX_RESOURCE_EXHAUSTED = 8,
  SARDONYX_FAILED_PRECONDITION = 9,
  SARDONYX_UNIMPLEMENTED = 12,
  SARDONYX_INTERNAL = 13,
  SARDONYX_DATA_LOSS = 15 /* the bytes are no model */
} SardonyxCode;

typedef enum SardonyxKind {
  SARDONYX_NONE = 0, /* nothing: an empty optional; of a type: not known */
  SARDONYX_TENSOR = 1,
  SARDONYX_SEQUENCE = 2,
  SARDONYX_MAP = 3,
  SARDONYX_OPTIONAL = 4 /* of types only: a value is what it holds, or nothing */
} SardonyxKind;

/* A type as far as it is known. Element types have the numbers of ONNX's TensorProto.DataType. */
typedef struct SardonyxType {
  SardonyxKind kind;
  int32_t element_type;          /* of a tensor, or of a map's keys; 0: not known */
  int32_t rank;                  /* of a tensor; -1: not known */
  const int64_t* dims;           /* -1: not known */
  const char* const* symbols;    /* by dimension its name, such as "N"; "" for none */
  const struct SardonyxType* of; /* of a sequence's or optional's element, or a map's value */
} SardonyxType;

/* An input or output of a model. */
typedef struct SardonyxPort {
  const char* name;
  SardonyxType type;
  int32_t may_be_left_out; /* an input that has a default or is optional */
} SardonyxPort;

/* What a model says of itself; "" and 0 where it does not. */
typedef struct SardonyxMetadata {
  const char* producer_name;
  const char* producer_version;
  const char* domain;
  const char* description;
  const char* graph_name;
  int64_t model_version;
  int64_t ir_version;
  int64_t opset; /* of ONNX's own operators */
  size_t custom_count;
  const char* const* custom_keys; /* in alphabetical order */
  const char* const* custom_values;
} SardonyxMetadata;

/* Sees a value that a run has just computed; both are valid during the call alone. Not 0 ends the
 * run. Called on the thread that runs. */
typedef int32_t (*SardonyxObserver)(void* user, const char* name, const SardonyxValue* value);

/* One layer's part of a run: a node of the model as it was compiled, which may stand for several.
 */
typedef struct SardonyxLayerTime {
  const char* name; /* of the node, "" for none */
  const char* op;
  const char* kernel;       /* what computed it, such as "conv.winograd4" */
  int32_t layer;            /* its place in the run, from 0 */
  int32_t run;              /* counted from 0 as runs end */
  int32_t caller;           /* the thread that ran the model, counted from 0 as they come */
  int64_t begin_ns, end_ns; /* since the profile was made */
} SardonyxLayerTime;

typedef struct SardonyxApi {
  size_t size;      /* of this table in bytes: a member is there if it lies below it */
  uint32_t version; /* SARDONYX_API_VERSION of the library */

  /* "1.2.3" of the library. */
  const char* (*library_version)(void);

  /* Status. The message says what was found and what was expected; it is never empty. */
  SardonyxCode (*status_code)(const SardonyxStatus* status);
  const char* (*status_message)(const SardonyxStatus* status);
  void (*release_status)(SardonyxStatus* status);

  /* Options. */
  SardonyxStatus* (*create_options)(SardonyxOptions** options);
  /* Sets one by name; docs/embedding.md lists them. "threads" to "4", "backend" to "native". */
  SardonyxStatus* (*set_option)(SardonyxOptions* options, const char* name, const char* value);
  /* What `op` points to lives as long as the sessions made with these options. */
  SardonyxStatus* (*add_custom_op)(SardonyxOptions* options, const SardonyxCustomOp* op);
  void (*release_options)(SardonyxOptions* options);

  /* Sessions. `options` may be null. */
  SardonyxStatus* (*load_file)(const char* path, const SardonyxOptions* options,
                               SardonyxSession** session);
  /* The bytes of a model, which are copied. Its external data are looked for in `folder`; null: it
   * has none. */
  SardonyxStatus* (*load_bytes)(const void* bytes, size_t size, const char* folder,
                                const SardonyxOptions* options, SardonyxSession** session);
  void (*release_session)(SardonyxSession* session);
  /* 0 for a session that does not exist any more. */
  size_t (*input_count)(const SardonyxSession* session);
  size_t (*output_count)(const SardonyxSession* session);
  /* Null where there is none; valid as long as the session. */
  const SardonyxPort* (*input)(const SardonyxSession* session, size_t position);
  const SardonyxPort* (*output)(const SardonyxSession* session, size_t position);
  const SardonyxMetadata* (*metadata)(const SardonyxSession* session);

  /* Values. A tensor of memory of its own: zeros, empty strings. */
  SardonyxStatus* (*create_tensor)(int32_t element_type, int32_t rank, const int64_t* dims,
                                   SardonyxValue** value);
  /* A tensor of the caller's memory, of `bytes` bytes. release(user) is called when nobody reads it
   * any more, on any thread; null: the caller keeps it longer than every value that shows it. Not
   * for strings. */
  SardonyxStatus* (*borrow_tensor)(const SardonyxTensor* tensor, size_t bytes,
                                   void (*release)(void* user), void* user, SardonyxValue** value);
  /* Elements and keys are shared, not copied. Keys: a 1-D tensor of integers or strings. */
  SardonyxStatus* (*create_sequence)(const SardonyxValue* const* elements, size_t count,
                                     SardonyxValue** value);
  SardonyxStatus* (*create_map)(const SardonyxValue* keys, const SardonyxValue* const* values,
                                size_t count, SardonyxValue** value);
  SardonyxKind (*kind)(const SardonyxValue* value);
  /* The tensor, valid as long as the value; strings have no data. */
  SardonyxStatus* (*tensor)(const SardonyxValue* value, SardonyxTensor* tensor);
  /* A tensor's string, which may hold zero bytes; valid until it is set or the value released. */
  SardonyxStatus* (*string)(const SardonyxValue* value, size_t element, const char** text,
                            size_t* length);
  SardonyxStatus* (*set_string)(SardonyxValue* value, size_t element, const char* text,
                                size_t length);
  /* Elements of a tensor or sequence, pairs of a map; 0 for anything else. */
  size_t (*element_count)(const SardonyxValue* value);
  /* A sequence's element or a map's value, for the caller to release. */
  SardonyxStatus* (*element)(const SardonyxValue* value, size_t position, SardonyxValue** element);
  SardonyxStatus* (*map_keys)(const SardonyxValue* value, SardonyxValue** keys);
  void (*release_value)(SardonyxValue* value);

  /* Runs: what several calls of `run`, also at once, have in common. */
  SardonyxStatus* (*create_run)(SardonyxRun** run);
  /* How long each call may take, in seconds; 0: as long as it takes. */
  SardonyxStatus* (*set_time_limit)(SardonyxRun* run, double seconds);
  /* For random operators without a seed of their own. */
  SardonyxStatus* (*set_seed)(SardonyxRun* run, uint64_t seed);
  /* Shows every value that is computed; null: none. */
  SardonyxStatus* (*set_observer)(SardonyxRun* run, SardonyxObserver observer, void* user);
  /* Ends the calls under way, and later ones until they are allowed again. */
  SardonyxStatus* (*cancel)(SardonyxRun* run, int32_t cancelled);
  void (*release_run)(SardonyxRun* run);

  /* Runs the model. `run` may be null. Names may be null: then inputs and outputs are the model's
   * first ones, in its order. A null input is left out. Where outputs[i] is null, a new value is
   * put there, which the caller releases; otherwise it is a tensor of the output's type and shape,
   * which is written into. After an error no value is new, and what tensors hold is not defined. */
  SardonyxStatus* (*run)(SardonyxSession* session, SardonyxRun* run, const char* const* input_names,
                         const SardonyxValue* const* inputs, size_t input_count,
                         const char* const* output_names, SardonyxValue** outputs,
                         size_t output_count);

  /* ---- Since version 2 ---- */

  /* Writes the profile of a session that was loaded with the option "profile", and ends it; its
   * file's name, "" where there is none, is valid as long as the session. */
  SardonyxStatus* (*end_profiling)(SardonyxSession* session, const char** path);
  /* A tensor that stands in for the model's initializer of that name, type and shape, whose
   * contents are then not looked for; a model without it does not care. Elements are shared, so
   * sessions may have them in common, and are not changed as long as a session has them. */
  SardonyxStatus* (*set_initializer)(SardonyxOptions* options, const char* name,
                                     const SardonyxValue* value);
  /* A file of external data that is in memory, such as one that is mapped, by the location that
   * models give it. Weights stay where they are in it, if they are aligned as their elements.
   * release(user) is called when nobody reads it any more; null: the caller keeps it longer. */
  SardonyxStatus* (*set_file)(SardonyxOptions* options, const char* location, const void* bytes,
                              size_t size, void (*release)(void* user), void* user);
  /* As load_bytes, without a copy: weights stay where they are in `bytes`, if they are aligned as
   * their elements; release as above, but not after an error. */
  SardonyxStatus* (*load_mapped)(const void* bytes, size_t size, const char* folder,
                                 void (*release)(void* user), void* user,
                                 const SardonyxOptions* options, SardonyxSession** session);

  /* Profiles collect from all runs that they are given to, up to a million layers. */
  SardonyxStatus* (*create_profile)(SardonyxProfile** profile);
  /* From now on `run` adds to the profile; null: to none. */
  SardonyxStatus* (*set_profile)(SardonyxRun* run, const SardonyxProfile* profile);
  /* How many layers there are so far; 0 for null. */
  size_t (*profile_size)(const SardonyxProfile* profile);
  /* One of them, by run and then in order of execution; texts live as long as the profile. */
  SardonyxStatus* (*profile_layer)(const SardonyxProfile* profile, size_t position,
                                   SardonyxLayerTime* layer);
  /* All of them over time, and what the library's threads helped in, as a file in Chrome's trace
   * event format. */
  SardonyxStatus* (*write_trace)(const SardonyxProfile* profile, const char* path);
  /* Runs that add to it keep it. */
  void (*release_profile)(SardonyxProfile* profile);
} SardonyxApi;

/* The table, valid for ever; null where the library is older than `version`. */
SARDONYX_EXPORT const SardonyxApi* sardonyx_api(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif /* SARDONYX_C_API_H_ */
