// Runs cases through onnxruntime's own C++ header: client CASES, as clients_test.py writes them.
#include <onnxruntime_cxx_api.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Input {
  std::string name, type;
  std::vector<int64_t> dims;
  std::vector<char> bytes;
};

std::vector<char> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Input> ReadInputs(const std::string& folder) {
  std::vector<Input> inputs;
  std::ifstream list(folder + "/inputs.tsv");
  for (std::string line; std::getline(list, line);) {
    std::istringstream fields(line);
    std::string dims, dim, file;
    Input input;
    std::getline(fields, input.name, '\t');
    std::getline(fields, input.type, '\t');
    std::getline(fields, dims, '\t');
    std::getline(fields, file, '\t');
    std::istringstream sizes(dims);
    while (std::getline(sizes, dim, ',')) input.dims.push_back(std::stoll(dim));
    input.bytes = ReadFile(folder + "/" + file);
    inputs.push_back(input);
  }
  return inputs;
}

ONNXTensorElementDataType TypeOf(const std::string& name) {
  if (name == "float32") return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
  if (name == "float16") return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
}

size_t SizeOf(ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return 4;
  return type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 ? 2 : 8;
}

void RunCase(Ort::Session& session, const std::string& folder) {
  std::vector<Input> inputs = ReadInputs(folder);
  const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::vector<const char*> input_names, output_names;
  std::vector<Ort::Value> values;
  for (Input& input : inputs) {
    input_names.push_back(input.name.c_str());
    values.push_back(Ort::Value::CreateTensor(memory, input.bytes.data(), input.bytes.size(),
                                              input.dims.data(), input.dims.size(),
                                              TypeOf(input.type)));
  }
  Ort::AllocatorWithDefaultOptions allocator;
  std::vector<Ort::AllocatedStringPtr> names;
  for (size_t i = 0; i < session.GetOutputCount(); ++i) {
    names.push_back(session.GetOutputNameAllocated(i, allocator));
    output_names.push_back(names.back().get());
  }
  const std::vector<Ort::Value> outputs =
      session.Run(Ort::RunOptions(), input_names.data(), values.data(), values.size(),
                  output_names.data(), output_names.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto info = outputs[i].GetTensorTypeAndShapeInfo();
    std::ofstream file(folder + "/output" + std::to_string(i) + ".bin", std::ios::binary);
    file.write(
        static_cast<const char*>(outputs[i].GetTensorRawData()),
        static_cast<std::streamsize>(info.GetElementCount() * SizeOf(info.GetElementType())));
  }
}

}  // namespace

int main(int, char** argv) {
  Ort::Env env(ORT_LOGGING_LEVEL_WARNING, "client");
  std::ifstream cases(argv[1]);
  for (std::string line; std::getline(cases, line);) {
    const size_t tab = line.find('\t');
    Ort::Session session(env, line.substr(0, tab).c_str(), Ort::SessionOptions());
    std::istringstream folders(line.substr(tab + 1));
    for (std::string folder; std::getline(folders, folder, '\t');) RunCase(session, folder);
  }
  std::cout << "ran all\n";
  return 0;
}
