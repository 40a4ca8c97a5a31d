// The commands of the program, and what their command lines say.
//
// Each command returns its exit status: 0 when all is well, 1 when the answer is no. An error
// status makes 2 where it is a UsageError, otherwise 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "tools/cli/compare_values.h"

namespace sardonyx {

/// How a model is compiled and run.
struct SessionFlags {
  std::string backend = "auto";
  int threads = 0;                      // 0: as many as the process may use
  std::vector<std::string> dimensions;  // "N=4"
  double time_limit = 0;                // seconds, 0: none
  int64_t memory_limit_mib = 0;         // 0: the session's own
  int64_t transformed_limit_mib = -1;   // -1: none
  std::vector<std::string> custom_ops;  // shared libraries with operators
  std::string plan;                     // a file that `tune` wrote
  double tune_seconds = 0;              // to measure kernels when the model is loaded
  std::string accuracy = "default";     // or strict, fast
};

/// Where inputs come from, and how pictures become tensors.
struct InputFlags {
  std::vector<std::string> inputs;  // NAME=SPEC
  uint64_t seed = 0;
  std::string resize;               // "WxH"
  std::string mean, std_deviation;  // one number, or one for each channel: "0.485,0.456,0.406"
  std::string scale;                // factor for 0..255; "": 1/255 for floats, 1 for integers
  std::string layout;               // nchw, nhwc; "": as the input's shape suggests
  std::string color;                // rgb, bgr, gray; "": as the number of channels suggests
};

struct RunCommand {
  std::string model;
  SessionFlags session;
  InputFlags input;
  std::vector<std::string> outputs;  // NAME=@FILE or NAME=-
  std::string fetch;                 // "a,b" or "all"
  bool stats = false;                // of every value that is computed
  bool validate = false;             // stop at the first NaN or infinity
  std::string save_activations;      // a folder, or x.npz
  std::string show_activations;      // a page
  std::string labels;
  int top = 5;
  std::string json;
  std::string html;
};
StatusOr<int> Run(const RunCommand& command);

struct TestCommand {
  std::vector<std::string> directories;
  SessionFlags session;
  Tolerance tolerance;
  bool quiet = false;  // failures and the last line only
  std::string json;
};
StatusOr<int> Run(const TestCommand& command);

struct CheckCommand {
  std::vector<std::string> models;
  SessionFlags session;
  std::string json;
};
StatusOr<int> Run(const CheckCommand& command);

struct InspectCommand {
  std::string model;
  SessionFlags session;
  bool why = false;         // why better kernels refused a layer
  bool as_written = false;  // without folding, rewriting and merging
  bool weights = false;     // range, sparsity and histogram of each
  bool memory = false;      // what lives where in the arena, and what makes the peak
  std::string dot;          // a file for Graphviz
  std::string diff;         // another model
  std::string json;
  std::string html;
};
StatusOr<int> Run(const InspectCommand& command);

/// A command that runs a model again and again for some time.
struct MeasureCommand {
  std::string model;
  SessionFlags session;
  InputFlags input;
  double seconds = 3;
  std::string json;
};

struct BenchCommand : MeasureCommand {
  std::string html;
};
StatusOr<int> Run(const BenchCommand& command);

struct ProfileCommand : MeasureCommand {
  std::string trace;  // a file in Chrome's format
  std::string html;
};
StatusOr<int> Run(const ProfileCommand& command);

struct TuneCommand : MeasureCommand {
  TuneCommand() { seconds = 10; }
  std::string output;  // the plan file
};
StatusOr<int> Run(const TuneCommand& command);

struct CompareCommand {
  static constexpr const char* kDefaultBackends = "reference,native,onednn";

  std::vector<std::string> models;  // one on several backends, or two on one
  std::string backends;             // "": kDefaultBackends
  SessionFlags session;
  InputFlags input;
  std::string fetch;
  bool per_layer = false;         // every tensor that both sides compute
  bool first_divergence = false;  // those up to the first that differs
  bool speed = false;             // times of layers and kernels instead of values
  double seconds = 4;             // about how long to measure with `speed`
  std::string save_repro;         // folder for a test case of the first difference
  int top = 5;                    // classes by which scores are compared
  std::string onnxruntime;        // its library, or the library's folder; "": it is looked for
  std::string openvino;           // likewise
  /// Networks of floats cancel near zero: errors count against the largest magnitude too.
  Tolerance tolerance{.rtol = 1e-4, .atol_relative = 1e-4};
  std::string json;
  std::string html;
};
StatusOr<int> Run(const CompareCommand& command);

struct OptimizeCommand {
  std::string model;
  std::string output;
  SessionFlags session;
  std::string passes = "all";        // or none, or "a,b"
  std::string dump_after;            // a pass, or all
  std::vector<std::string> extract;  // none, or two lists: "a,b" of inputs and of outputs
  bool external_data = false;        // weights in a file beside the model
  std::string json;
};
StatusOr<int> Run(const OptimizeCommand& command);

struct ReduceCommand {
  std::string model;
  std::string output;
  std::string command;  // with {} for the model's path
  SessionFlags session;
  std::string json;
};
StatusOr<int> Run(const ReduceCommand& command);

/// What is made from the program's own description of its command line.
struct GenerateCommand {
  std::string format;
  std::string json;
};

struct OpsCommand {
  std::vector<std::string> names;
  std::string json;
};
StatusOr<int> Run(const OpsCommand& command);

/// The program: parses the arguments, runs the command, prints errors; returns the exit status.
int Main(int argc, char** argv);

}  // namespace sardonyx
