// What operators of an application's own, of onnxruntime's kind, get to see.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/ort/objects.h"
#include "runtime/op.h"

/// A node, for whoever makes its kernel.
struct OrtKernelInfo {
  std::string name, domain, op_type;
  int version = 0;
  std::map<std::string, sardonyx::Attribute> attributes;
  std::vector<sardonyx::Type> inputs, outputs;
  std::vector<OrtValue> constants;  // by input; none where it is no constant
  std::shared_ptr<const OrtLogger> logger;
};

/// One run of a node. What is handed out of it lives as long as the run.
struct OrtKernelContext {
  sardonyx::KernelContext& kernel;
  const OrtKernelInfo& info;
  std::mutex mutex = {};  // guards the rest
  std::deque<OrtValue> values = {};
  std::map<size_t, OrtValue*> outputs = {};  // that have been made
  std::vector<std::shared_ptr<std::byte>> scratch = {};
};

/// The inference of a node's types.
struct OrtShapeInferContext {
  sardonyx::InferContext& infer;
  std::deque<OrtTensorTypeAndShapeInfo> infos = {};
};
