// A session as Python calls it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "convert.h"

namespace sardonyx::python {

/// Runs and loads without the interpreter's lock. Runs may be called from many threads.
class PySession {
 public:
  /// From the file `path`; from `bytes` where that is not None, whose external data lie in `path`.
  PySession(const std::string& path, nb::object bytes, const Options& options);

  /// Each as (name, type, dimensions, whether it has a default).
  nb::list inputs() const { return Describe(inputs_); }
  nb::list outputs() const { return Describe(outputs_); }
  nb::dict metadata() const;
  std::string EndProfiling() const { return session_.EndProfiling(); }

  /// The outputs of these names, all where that is None or empty, for `feeds` by name.
  nb::list Run(nb::object output_names, nb::object feeds, RunOptions* options) const;
  /// The same with values on both sides, written into those of `outputs` that are not None.
  nb::list RunValues(nb::object outputs, nb::object feeds, RunOptions* options) const;

 private:
  using Ports = std::vector<const SardonyxPort*>;

  static nb::list Describe(const Ports& ports);
  /// Names and values, in whatever order; outputs that are empty become new ones.
  struct Call {
    nb::list alive;  // what the names belong to
    std::vector<const char*> input_names, output_names;
    std::vector<Value> inputs, outputs;
  };
  void AddInputs(const nb::object& feeds, Call& call) const;
  void Run(Call& call, RunOptions* options) const;

  Session session_;
  Ports inputs_, outputs_;
};

}  // namespace sardonyx::python
