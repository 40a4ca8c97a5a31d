#include "tests/cli/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

extern char** environ;

namespace sardonyx {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ProgramResult RunProgram(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const std::string out = folder.path() + "/out", err = folder.path() + "/err";
  std::vector<std::string> words = {SARDONYX_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  ProgramResult result;
  pid_t pid = 0;
  int wait_status = 0;
  if (posix_spawn(&pid, SARDONYX_PROGRAM, &actions, nullptr, argv.data(), environ) == 0 &&
      waitpid(pid, &wait_status, 0) == pid && WIFEXITED(wait_status)) {
    result.status = WEXITSTATUS(wait_status);
  }
  posix_spawn_file_actions_destroy(&actions);
  result.out = ReadAll(out);
  result.err = ReadAll(err);
  return result;
}

std::string WriteDoublingCase(const TemporaryFolder& folder, const std::string& name,
                              const std::vector<float>& expected) {
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {2});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"y"})->set_name("twice");
  AddOutput(model.mutable_graph(), "y");
  std::filesystem::create_directories(folder.path() + "/" + name + "/test_data_set_0");
  folder.Write(name + "/model.onnx", model.SerializeAsString());
  folder.Write(name + "/test_data_set_0/input_0.pb",
               FloatTensor("x", {2}, {1, 2}).SerializeAsString());
  folder.Write(
      name + "/test_data_set_0/output_0.pb",
      FloatTensor("y", {static_cast<int64_t>(expected.size())}, expected).SerializeAsString());
  return folder.path() + "/" + name;
}

std::string DoublingModel() {
  wire::ModelProto model = NewModel();
  AddInput(model.mutable_graph(), "x", {-1, 2});
  AddNode(model.mutable_graph(), "Add", {"x", "x"}, {"y"})->set_name("twice");
  AddOutput(model.mutable_graph(), "y");
  return model.SerializeAsString();
}

std::vector<std::string> OperatorsIn(const std::string& path) {
  const auto model = ImportFile(path);
  REQUIRE(model.ok());
  std::vector<std::string> names;
  for (const Node& node : (*model)->graph.nodes) names.push_back(node.op_type);
  return names;
}

}  // namespace sardonyx
