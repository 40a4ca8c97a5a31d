// Command lines: which commands and options there are, their help, and what is said about mistakes.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/base/nearest.h"
#include "tools/cli/commands.h"
#include "tools/cli/generate.h"
#include "tools/cli/output.h"

namespace sardonyx {
namespace {

constexpr int kUsageExit = 2;

/// Options that take one argument each time they are given.
CLI::Option* AddRepeated(CLI::App* app, const std::string& name, std::vector<std::string>& target,
                         const std::string& help) {
  return app->add_option(name, target, help)->allow_extra_args(false)->take_all();
}

void AddCustomOps(CLI::App* app, SessionFlags& flags) {
  AddRepeated(app, "--custom-ops", flags.custom_ops,
              "Operators of your own, from a shared library (trusted: its code runs)")
      ->type_name("LIBRARY");
}

void AddSession(CLI::App* app, SessionFlags& flags) {
  app->add_option("--backend", flags.backend, "Whose kernels compute")
      ->type_name("auto|reference|native|onednn")
      ->capture_default_str();
  app->add_option("--threads", flags.threads, "Threads that compute (0: all that may be used)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  app->add_option("--accuracy", flags.accuracy, "What rounding may cost")
      ->type_name("strict|default|fast")
      ->capture_default_str();
  app->add_option("--time-limit", flags.time_limit, "Stop a run after that many seconds")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e9));
  app->add_option("--memory-limit", flags.memory_limit_mib, "Memory that the model may take")
      ->type_name("MIB")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  app->add_option("--transformed-limit", flags.transformed_limit_mib,
                  "Memory of weights that kernels keep in a larger form than the model's")
      ->type_name("MIB")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 30));
  AddCustomOps(app, flags);
  app->add_option("--plan", flags.plan, "Take the kernels that tune has found")->type_name("FILE");
}

void AddTuning(CLI::App* app, SessionFlags& flags) {
  app->add_option("--tune-seconds", flags.tune_seconds,
                  "Measure kernels for so long when the model is loaded, and take the fastest")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e6));
}

void AddDimensions(CLI::App* app, SessionFlags& flags) {
  AddRepeated(app, "-d,--dim", flags.dimensions, "Size of a symbolic dimension: -d N=4")
      ->type_name("SYMBOL=SIZE");
}

void AddInputs(CLI::App* app, InputFlags& flags) {
  AddRepeated(app, "-i,--input", flags.inputs,
              "An input: @x.npy, @x.npz:key, @x.pb, @picture.png, "
              "1x3x224x224xf32=random(0,1), =1 2 3, zeros, ones. Inputs not given are random")
      ->type_name("NAME=SPEC");
  app->add_option("--seed", flags.seed, "For random inputs and operators")->type_name("N");
  app->add_option("--resize", flags.resize, "Size to bring pictures to (default: the input's)")
      ->type_name("WxH");
  app->add_option("--scale", flags.scale,
                  "Factor for samples of 0..255 (default: 1/255 for floats, 1 for integers)")
      ->type_name("X");
  app->add_option("--mean", flags.mean, "Subtracted after scaling; one number or one per channel")
      ->type_name("X,...");
  app->add_option("--std", flags.std_deviation, "Divided by after the mean; likewise")
      ->type_name("X,...");
  app->add_option("--layout", flags.layout, "nchw or nhwc (default: as the input's shape suggests)")
      ->type_name("NAME");
  app->add_option("--color", flags.color,
                  "rgb, bgr or gray (default: by the input's number of channels)")
      ->type_name("NAME");
}

void AddTolerance(CLI::App* app, Tolerance& tolerance) {
  const CLI::Range range(0.0, 1e30);
  app->add_option("--rtol", tolerance.rtol, "Tolerance relative to each expected element")
      ->type_name("X")
      ->check(range)
      ->capture_default_str();
  app->add_option("--atol", tolerance.atol, "Absolute tolerance")
      ->type_name("X")
      ->check(range)
      ->capture_default_str();
  app->add_option("--atol-relative", tolerance.atol_relative,
                  "Absolute tolerance, relative to the output's largest magnitude")
      ->type_name("X")
      ->check(range)
      ->capture_default_str();
}

void AddJson(CLI::App* app, std::string& path) {
  app->add_option("--json", path, "Write everything there as JSON; - is stdout")->type_name("FILE");
}

CLI::Option* AddHtml(CLI::App* app, std::string& path) {
  return app->add_option("--html", path, "Write a page there that shows everything")
      ->type_name("FILE");
}

/// All options of a command that measures, besides those that are its own.
void AddMeasure(CLI::App* app, MeasureCommand& command) {
  app->add_option("model", command.model, "ONNX file")->type_name("MODEL")->required();
  app->add_option("--seconds", command.seconds, "About how long to measure")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  AddInputs(app, command.input);
  AddDimensions(app, command.session);
  AddSession(app, command.session);
  AddJson(app, command.json);
}

void AddCompare(CLI::App* app, CompareCommand& command) {
  app->add_option("models", command.models, "One model for several backends, or two for one")
      ->type_name("MODEL")
      ->required();
  app->add_option("--backends", command.backends,
                  absl::StrCat("The first is what the others must agree with (default: ",
                               CompareCommand::kDefaultBackends, ")"))
      ->type_name("A,B,...");
  app->add_option("--onnxruntime", command.onnxruntime,
                  "Library of the backend onnxruntime, or its folder (default: where packages are)")
      ->type_name("PATH");
  app->add_option("--openvino", command.openvino,
                  "C library of the backend openvino, likewise (libopenvino_c.so)")
      ->type_name("PATH");
  CLI::Option* fetch = app->add_option("--outputs", command.fetch,
                                       "Values to compare, of any layer; all: every one, unfused")
                           ->type_name("A,B|all");
  CLI::Option* layers = app->add_flag("--per-layer", command.per_layer,
                                      "Compare every tensor that both sides compute as they run");
  CLI::Option* first = app->add_flag("--first-divergence", command.first_divergence,
                                     "Stop at the first of those that differs, and say where");
  CLI::Option* repro =
      app->add_option("--save-repro", command.save_repro,
                      "Write the layer of the first difference as an ONNX test case there")
          ->type_name("DIR");
  CLI::Option* speed = app->add_flag(
      "--speed", command.speed,
      "Compare times instead: of each layer on each side, and of each kernel that it might get");
  app->add_option("--seconds", command.seconds, "About how long to measure with --speed")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  for (CLI::Option* values : {layers, first, repro}) {
    fetch->excludes(values);
    speed->excludes(values);
  }
  speed->excludes(fetch);
  app->add_option("--top", command.top, "Classes by which scores are compared")
      ->type_name("K")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  AddInputs(app, command.input);
  AddDimensions(app, command.session);
  AddTolerance(app, command.tolerance);
  AddSession(app, command.session);
  AddJson(app, command.json);
  AddHtml(app, command.html);
}

/// All commands; `action` is set to run the one that was given.
struct Commands {
  CLI::App app{"Runs, tests and explains ONNX models on the CPU."};
  RunCommand run;
  TestCommand test;
  CheckCommand check;
  InspectCommand inspect;
  BenchCommand bench;
  ProfileCommand profile;
  TuneCommand tune;
  CompareCommand compare;
  OptimizeCommand optimize;
  OpsCommand ops;
  ReduceCommand reduce;
  GenerateCommand generate;
  std::function<StatusOr<int>()> action;
  std::string* json = nullptr;  // the command's --json
  std::string html;             // its --html

  template <typename Command>
  CLI::App* Add(const std::string& name, const std::string& help, const std::string& examples,
                Command& command) {
    return AddTo(app, name, help, examples, command);
  }
  /// The same, inside another command.
  template <typename Command>
  CLI::App* AddTo(CLI::App& outer, const std::string& name, const std::string& help,
                  const std::string& examples, Command& command) {
    CLI::App* sub = outer.add_subcommand(name, help);
    sub->footer("Examples:\n" + examples);
    if constexpr (!requires { command.quiet; }) {
      sub->add_flag_callback("-q,--quiet", Silence, "Only errors on stderr, no notes or progress");
    }
    sub->callback([this, &command] {
      action = [this, &command] { return RunAny(command); };
      json = &command.json;
      if constexpr (requires { command.html; }) html = command.html;
    });
    return sub;
  }

  template <typename Command>
  StatusOr<int> RunAny(const Command& command) {
    return Run(command);
  }
  StatusOr<int> RunAny(const GenerateCommand& command) {
    SX_ASSIGN_OR_RETURN(const std::string text, Generate(app, command.format));
    Report report("generate", command.json);
    report.json()["format"] = command.format;
    report.json()["text"] = text;
    report.Print(text);
    SX_RETURN_IF_ERROR(report.Write());
    return 0;
  }

  Commands();
  void AddTools();
};

Commands::Commands() {
  app.name("sardonyx");
  app.set_version_flag("--version", "sardonyx 0.1.0");
  app.require_subcommand(1);
  app.footer(
      "Exit status: 0 all is well, 1 the answer is no (a mismatch, a failed case, an\n"
      "unsupported model), 2 the command line is wrong.\n"
      "'sardonyx COMMAND --help' shows options and examples.");

  CLI::App* sub =
      Add("run", "Run a model and print its outputs",
          "  sardonyx run model.onnx\n"
          "  sardonyx run model.onnx -i 'image=4x1x28x28xf32=random(0,1)' -o logits=@y.npy\n"
          "  sardonyx run resnet18.onnx -i image=@shoe.png --labels labels.txt --top 3\n"
          "  sardonyx run model.onnx --outputs all --json -\n"
          "  sardonyx run model.onnx --stats --validate --save-activations values.npz\n"
          "  sardonyx run lenet.onnx -i image=@bag.png --show-activations lenet.html",
          run);
  sub->add_option("model", run.model, "ONNX file")->type_name("MODEL")->required();
  AddInputs(sub, run.input);
  AddDimensions(sub, run.session);
  AddRepeated(sub, "-o,--output", run.outputs,
              "Write an output to a file (.npy or .pb), or print all of it (-)")
      ->type_name("NAME=@FILE|-");
  sub->add_option("--outputs", run.fetch, "Values to fetch, of any layer; all: every one")
      ->type_name("A,B|all");
  sub->add_flag("--stats", run.stats, "Least, greatest, mean and NaNs of every value");
  sub->add_flag("--validate", run.validate, "Stop at the first NaN or infinity and name its node");
  sub->add_option("--save-activations", run.save_activations, "Write every value there")
      ->type_name("DIR|x.npz");
  sub->add_option("--labels", run.labels, "Names of the classes, one in each line")
      ->type_name("FILE");
  sub->add_option("--top", run.top, "Classes to print")
      ->type_name("K")
      ->check(CLI::Range(1, 1 << 30))
      ->capture_default_str();
  CLI::Option* show =
      sub->add_option("--show-activations", run.show_activations,
                      "Write a page with every value as pictures, and all that --html shows")
          ->type_name("FILE.html");
  AddSession(sub, run.session);
  AddTuning(sub, run.session);
  AddJson(sub, run.json);
  AddHtml(sub, run.html)->excludes(show);

  sub = Add("test", "Run ONNX test-data directories and compare with their outputs",
            "  sardonyx test models/lenet\n"
            "  sardonyx test models --json results.json\n"
            "  sardonyx test models --backend onednn --atol-relative 1e-4",
            test);
  sub->add_option("directories", test.directories,
                  "Cases (model.onnx, test_data_set_N/), or folders of them")
      ->type_name("DIR")
      ->required();
  AddTolerance(sub, test.tolerance);
  sub->add_flag("-q,--quiet", test.quiet, "Print failures and the last line only");
  AddSession(sub, test.session);
  AddJson(sub, test.json);

  sub = Add("check", "List everything about models that cannot run",
            "  sardonyx check model.onnx\n"
            "  sardonyx check models/*/model.onnx --json -",
            check);
  sub->add_option("models", check.models, "ONNX files")->type_name("MODEL")->required();
  AddDimensions(sub, check.session);
  AddSession(sub, check.session);
  AddJson(sub, check.json);

  sub = Add("inspect", "Show a model's layers, their sizes, work and kernels",
            "  sardonyx inspect model.onnx\n"
            "  sardonyx inspect resnet18.onnx -d N=8 --why\n"
            "  sardonyx inspect model.onnx --json layers.json\n"
            "  sardonyx inspect model.onnx --weights --memory --dot layers.dot\n"
            "  sardonyx inspect model.onnx --diff changed.onnx",
            inspect);
  sub->add_option("model", inspect.model, "ONNX file")->type_name("MODEL")->required();
  CLI::Option* why =
      sub->add_flag("--why", inspect.why, "Say why other kernels did not take a layer");
  sub->add_flag("--as-written", inspect.as_written,
                "The model's own nodes, without folding, rewriting or merging");
  CLI::Option* weights =
      sub->add_flag("--weights", inspect.weights, "Range, sparsity and histogram of each weight");
  CLI::Option* memory =
      sub->add_flag("--memory", inspect.memory,
                    "Where values lie in memory while layers run, and what makes the peak");
  CLI::Option* dot =
      sub->add_option("--dot", inspect.dot, "Write the layers as a graph for Graphviz")
          ->type_name("FILE");
  CLI::Option* diff =
      sub->add_option("--diff", inspect.diff, "Say instead what another model has differently")
          ->type_name("MODEL");
  AddDimensions(sub, inspect.session);
  AddSession(sub, inspect.session);
  AddJson(sub, inspect.json);
  CLI::Option* html = AddHtml(sub, inspect.html);
  for (CLI::Option* shown : {why, weights, memory, dot, html}) diff->excludes(shown);

  sub = Add("bench", "Measure how fast a model loads and runs",
            "  sardonyx bench model.onnx\n"
            "  sardonyx bench resnet18.onnx -d N=1 --threads 2 --seconds 5 --json -",
            bench);
  AddMeasure(sub, bench);
  AddTuning(sub, bench.session);
  AddHtml(sub, bench.html);

  sub = Add("profile", "Show where the time of a run goes, by layer and by kernel",
            "  sardonyx profile model.onnx\n"
            "  sardonyx profile resnet18.onnx -d N=1 --threads 2 --json profile.json\n"
            "  sardonyx profile model.onnx --trace trace.json --html profile.html",
            profile);
  sub->add_option("--trace", profile.trace, "Draw a run over time, for chrome://tracing")
      ->type_name("FILE");
  AddMeasure(sub, profile);
  AddTuning(sub, profile.session);
  AddHtml(sub, profile.html);

  sub = Add("tune", "Measure which kernel is the fastest for each layer, on this machine",
            "  sardonyx tune model.onnx -o model.plan.json\n"
            "  sardonyx tune resnet18.onnx -d N=1 --threads 2 --seconds 20 -o resnet18.plan.json\n"
            "  sardonyx bench resnet18.onnx -d N=1 --threads 2 --plan resnet18.plan.json",
            tune);
  sub->add_option("-o,--output", tune.output, "Write the plan there")->type_name("FILE");
  AddMeasure(sub, tune);

  AddCompare(Add("compare", "Compare one model's backends, or two models, tensor by tensor",
                 "  sardonyx compare model.onnx\n"
                 "  sardonyx compare model.onnx --backends reference,native --per-layer\n"
                 "  sardonyx compare model.onnx changed.onnx --first-divergence\n"
                 "  sardonyx compare model.onnx --backends native,onednn --speed",
                 compare),
             compare);

  sub = Add("optimize", "Write a smaller model with the same results, or a part of one, as ONNX",
            "  sardonyx optimize model.onnx -o small.onnx\n"
            "  sardonyx optimize resnet18.onnx -o r.onnx -d N=1 --passes fold,conv+affine,dead\n"
            "  sardonyx optimize model.onnx -o part.onnx --extract image logits --passes none",
            optimize);
  sub->add_option("model", optimize.model, "ONNX file")->type_name("MODEL")->required();
  sub->add_option("-o,--output", optimize.output, "Write the model there")
      ->type_name("FILE")
      ->required();
  sub->add_option("--passes", optimize.passes, "Which to run, in this order; all or none")
      ->type_name("A,B|all|none")
      ->capture_default_str();
  sub->add_option(
         "--dump-after", optimize.dump_after,
         "Write the model after that pass too, beside FILE; all: after each that changes it")
      ->type_name("PASS|all");
  sub->add_option("--extract", optimize.extract,
                  "Only what computes the values OUT from the values IN, which become inputs")
      ->type_name("IN,... OUT,...")
      ->expected(2);
  sub->add_flag("--external-data", optimize.external_data, "Weights in a file FILE.data");
  AddDimensions(sub, optimize.session);
  AddCustomOps(sub, optimize.session);
  AddJson(sub, optimize.json);

  sub = Add("ops", "List operators, their opset versions and kernels",
            "  sardonyx ops\n"
            "  sardonyx ops conv pool --json -",
            ops);
  sub->add_option("names", ops.names, "Parts of operators' names")->type_name("NAME");
  AddJson(sub, ops.json);
  AddTools();
}

/// What helps with models and with the program, rather than runs models.
void Commands::AddTools() {
  CLI::App* debug = app.add_subcommand("debug", "Find out why a model fails");
  debug->require_subcommand(1);
  CLI::App* sub = AddTo(
      *debug, "reduce", "Find a small part of a model with which a command still fails",
      "  sardonyx debug reduce model.onnx -o small.onnx --command '! sardonyx check {}'", reduce);
  sub->add_option("model", reduce.model, "ONNX file")->type_name("MODEL")->required();
  sub->add_option("-o,--output", reduce.output, "Write the part there")
      ->type_name("FILE")
      ->required();
  sub->add_option("--command", reduce.command,
                  "What fails, by its exit status: run by the shell, with {} for the model's path")
      ->type_name("COMMAND")
      ->required();
  AddCustomOps(sub, reduce.session);
  AddJson(sub, reduce.json);

  sub = Add("generate", "Print what completes commands in a shell, or the manual page",
            "  sardonyx generate bash > sardonyx.bash\n"
            "  sardonyx generate man > sardonyx.1",
            generate);
  sub->add_option("format", generate.format, absl::StrJoin(GeneratedFormats(), ", "))
      ->type_name("FORMAT")
      ->required();
  AddJson(sub, generate.json);
}

/// The command that was given, as far as the words name one; `app` itself for none.
const CLI::App& ChosenCommand(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : ChosenCommand(*chosen.front());
}

/// Its words: "debug reduce"; "" for the program itself.
std::string WordsOf(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "";
  const std::string outer = WordsOf(*command.get_parent());
  return absl::StrCat(outer, outer.empty() ? "" : " ", command.get_name());
}

/// What to say about arguments that no option or command takes.
std::string DescribeExtras(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : ChosenCommand(app).get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  for (const std::string& extra : app.remaining(true)) {
    if (absl::StartsWith(extra, "-") && extra != "-") {
      const std::string name = extra.substr(0, extra.find('='));
      return absl::StrCat("unknown option '", name, "'", DidYouMean(name, names));
    }
  }
  const std::vector<std::string> remaining = app.remaining(true);
  return absl::StrCat("unexpected argument '", remaining.empty() ? "" : remaining.front(), "'");
}

/// The first argument names a command, or asks for help; what is wrong with it, or "".
std::string CheckCommandName(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) names.push_back(sub->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) == names.end()) {
    return absl::StrCat("unknown command '", argv[1], "'", DidYouMean(argv[1], names));
  }
  const CLI::App* inner = app.get_subcommand(argv[1]);
  return inner->get_subcommands(nullptr).empty() ? ""
                                                 : CheckCommandName(*inner, argc - 1, argv + 1);
}

int UsageExit(const std::string& message, const CLI::App& app) {
  const std::string words = WordsOf(ChosenCommand(app));
  PrintError(message);
  PrintError(
      absl::StrCat("'sardonyx ", words, words.empty() ? "" : " ", "--help' shows what there is"));
  return kUsageExit;
}

}  // namespace

int Main(int argc, char** argv) {
  Commands commands;
  CLI::App& app = commands.app;
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kUsageExit;
  }
  if (const std::string wrong = CheckCommandName(app, argc, argv); !wrong.empty()) {
    return UsageExit(wrong, app);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return UsageExit(DescribeExtras(app), app);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // help, version
    // What is missing may be missing because an option was misspelt.
    if (!app.remaining(true).empty()) return UsageExit(DescribeExtras(app), app);
    return UsageExit(error.what(), app);
  }
  const StatusOr<int> result = commands.action();
  if (result.ok()) return *result;
  const std::string message(result.status().message());
  const std::string name = WordsOf(ChosenCommand(app));
  if (IsUsageError(result.status())) return UsageExit(message, app);
  PrintError(message);
  Report report(name, *commands.json, commands.html);
  report.json()["error"] = message;
  // That a file cannot be written has been said where this is the error itself.
  const Status status = report.Write();
  if (!status.ok() && status.message() != message) PrintError(status.message());
  return 1;
}

}  // namespace sardonyx
