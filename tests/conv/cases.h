// Convolutions that test and time the Conv kernels: a new kernel is held against all that it takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ops/conv/conv.h"

namespace sardonyx {

struct ConvCase {
  std::string name;
  int64_t batch = 1, channels = 1, out_channels = 1;
  Ints input;   // spatial sizes
  Ints kernel;  // likewise
  Ints strides = {};
  Ints dilations = {};
  Ints pads = {};
  int64_t group = 1;
  bool bias = true;
  bool residual = false;
  Activation activation = {};
  bool channels_last = false;

  ConvAttrs attrs() const {
    ConvAttrs attrs;
    attrs.window = {.strides = strides, .dilations = dilations, .pads = pads};
    attrs.group = group;
    attrs.activation = activation;
    attrs.residual = residual;
    attrs.channels_last = channels_last;
    return attrs;
  }
  Shape x_shape() const {
    if (!channels_last) return Join({batch, channels}, input);
    Shape shape = Join({batch}, input);
    shape.push_back(channels);
    return shape;
  }
  Shape w_shape() const { return Join({out_channels, channels / group}, kernel); }

 private:
  static Shape Join(Shape shape, const Ints& rest) {
    for (int64_t size : rest) shape.push_back(size);
    return shape;
  }
};

/// Each case in ONNX's layout and with the channels last.
inline std::vector<ConvCase> InBothLayouts(std::vector<ConvCase> cases) {
  const size_t count = cases.size();
  cases.reserve(2 * count);
  for (size_t i = 0; i < count; ++i) {
    ConvCase channels_last = cases[i];
    channels_last.name += ", channels last";
    channels_last.channels_last = true;
    cases.push_back(std::move(channels_last));
  }
  return cases;
}

inline std::vector<Activation> EveryActivation() {
  using Kind = Activation::Kind;
  return {{.kind = Kind::kRelu},
          {.kind = Kind::kClip, .a = -0.5f, .b = 0.75f},
          {.kind = Kind::kLeakyRelu, .a = 0.1f},
          {.kind = Kind::kSigmoid},
          {.kind = Kind::kTanh},
          {.kind = Kind::kHardSigmoid, .a = 0.2f, .b = 0.5f},
          {.kind = Kind::kHardSwish},
          {.kind = Kind::kSwish, .a = 1},
          {.kind = Kind::kGelu},
          {.kind = Kind::kGeluTanh}};
}

/// Small ones, around the edges of what kernels distinguish, in ONNX's layout.
inline std::vector<ConvCase> SmallConvCases() {
  using Kind = Activation::Kind;
  const Activation relu{.kind = Kind::kRelu}, clip{.kind = Kind::kClip, .a = 0, .b = 1};
  const Activation swish{.kind = Kind::kSwish, .a = 1};
  return {
      // One dimension and three.
      {"1d", 2, 3, 5, {19}, {4}, {1}, {1}, {2, 1}},
      {"1d stride 3 dilation 2", 1, 4, 6, {40}, {5}, {3}, {2}, {3, 0}},
      {"3d", 1, 3, 9, {5, 6, 7}, {3, 2, 3}, {1, 2, 1}, {1, 1, 2}, {1, 0, 2, 0, 1, 1}},
      // Kernels of size 1.
      {"1x1", 2, 17, 33, {7, 9}, {1, 1}},
      {"1x1 on one pixel", 1, 40, 70, {1, 1}, {1, 1}},
      {"1x1 one channel", 1, 1, 1, {5, 5}, {1, 1}},
      {"1x1 group", 2, 12, 8, {6, 5}, {1, 1}, {}, {}, {}, 4},
      {"1x1 stride 2", 1, 16, 24, {9, 13}, {1, 1}, {2, 2}},
      {"1x1 padded", 1, 8, 8, {4, 4}, {1, 1}, {}, {}, {1, 0, 2, 1}},
      {"1x1 long", 1, 300, 40, {14, 14}, {1, 1}, {}, {}, {}, 1, true, true, relu},
      // 3x3, stride 1: what Winograd takes.
      {"3x3", 1, 16, 16, {8, 8}, {3, 3}, {}, {}, {1, 1, 1, 1}},
      {"3x3 odd", 2, 19, 21, {17, 15}, {3, 3}, {}, {}, {1, 1, 1, 1}, 1, true, false, relu},
      {"3x3 unpadded", 1, 16, 33, {27, 22}, {3, 3}, {}, {}, {}, 1, false},
      {"3x3 one-sided pads", 1, 32, 16, {24, 23}, {3, 3}, {}, {}, {0, 2, 1, 0}},
      {"3x3 wide pads", 1, 16, 16, {17, 18}, {3, 3}, {}, {}, {3, 4, 2, 3}},
      {"3x3 residual", 1, 64, 48, {23, 25}, {3, 3}, {}, {}, {1, 1, 1, 1}, 1, true, true, relu},
      {"3x3 7x7", 9, 100, 40, {7, 7}, {3, 3}, {}, {}, {1, 1, 1, 1}, 1, true, true, clip},
      {"3x3 many tiles", 1, 16, 16, {57, 61}, {3, 3}, {}, {}, {1, 1, 1, 1}, 1, true, false, swish},
      {"3x3 wide", 1, 16, 16, {6, 150}, {3, 3}, {}, {}, {1, 1, 1, 1}},
      {"3x3 deep", 1, 400, 24, {22, 23}, {3, 3}, {}, {}, {1, 1, 1, 1}, 1, false, true},
      {"3x3 one row", 1, 16, 16, {3, 20}, {3, 3}},
      {"3x3 few channels", 1, 3, 8, {10, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}},
      // Any other geometry.
      {"7x7 stride 2", 1, 3, 16, {33, 31}, {7, 7}, {2, 2}, {}, {3, 3, 3, 3}, 1, true, false, relu},
      {"3x3 stride 2", 2, 8, 12, {15, 16}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}},
      {"3x3 stride 3 and 1", 1, 5, 7, {16, 11}, {3, 3}, {3, 1}, {}, {0, 1, 0, 1}},
      {"stride beyond kernel", 1, 4, 6, {17, 23}, {2, 2}, {3, 5}},
      {"dilation", 1, 6, 9, {14, 15}, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}},
      {"dilation and stride", 1, 6, 9, {20, 17}, {3, 2}, {2, 3}, {3, 2}, {1, 0, 4, 2}},
      {"padding beyond input", 1, 3, 4, {2, 2}, {5, 5}, {}, {}, {4, 4, 4, 4}},
      {"kernel as input", 1, 10, 20, {6, 6}, {6, 6}},
      {"groups", 2, 12, 18, {9, 8}, {3, 3}, {}, {}, {1, 1, 1, 1}, 3},
      {"groups strided", 1, 32, 64, {10, 12}, {3, 5}, {2, 1}, {}, {1, 2, 1, 2}, 8},
      {"columns of one", 1, 4, 4, {50, 3}, {2, 3}},
      {"residual, no bias", 1, 5, 6, {9, 9}, {5, 5}, {}, {}, {2, 2, 2, 2}, 1, false, true, clip},
      // Groups of few channels: several to a vector, or one in a few of them.
      {"32 groups of 4", 2, 128, 128, {9, 11}, {3, 3}, {}, {}, {1, 1, 1, 1}, 32, true, true, relu},
      {"32 groups of 4, stride 2", 1, 128, 128, {11, 40}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}, 32},
      {"7 groups of 4", 1, 28, 28, {6, 19}, {3, 3}, {}, {}, {1, 1, 1, 1}, 7, false, true, clip},
      {"32 groups of 8", 1, 256, 256, {7, 7}, {3, 3}, {}, {}, {1, 1, 1, 1}, 32, false},
      {"3 groups of 8, stride 2", 2, 24, 24, {8, 9}, {3, 3}, {2, 2}, {}, {0, 0, 1, 1}, 3},
      {"2 groups of 16", 1, 32, 32, {6, 23}, {3, 3}, {}, {}, {1, 1, 1, 1}, 2, true, true, swish},
      {"2 groups of 32, stride 2", 1, 64, 64, {7, 9}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}, 2},
      {"32 groups of 2, dilated", 1, 64, 64, {12, 18}, {3, 3}, {}, {2, 2}, {2, 2, 2, 2}, 32},
      {"6 groups of 4, 5x5 dilated", 1, 24, 24, {13, 14}, {5, 5}, {}, {1, 2}, {2, 4, 2, 4}, 6},
      {"6 groups of 4, dilation is stride", 1, 24, 24, {13, 14}, {3, 3}, {2, 2}, {2, 2}, {}, 6},
      {"5 groups of 3", 1, 15, 15, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 5, true, true},
      {"8 groups of 2 to 1", 1, 16, 8, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 8},
      {"3 groups of 5 to 24", 1, 15, 72, {9, 10}, {3, 2}, {1, 3}, {}, {1, 1, 1, 1}, 3},
      {"2 groups of 40 to 4", 1, 80, 8, {9, 10}, {3, 3}, {}, {}, {1, 1, 1, 1}, 2},
      {"32 groups of 4, 1x1", 3, 128, 128, {5, 7}, {1, 1}, {}, {}, {}, 32, true, false, relu},
      {"5 groups of 8, 1d long", 1, 40, 40, {300}, {9}, {}, {}, {4, 4}, 5},
      {"4 groups of 4, long", 1, 16, 16, {2, 270}, {3, 3}, {1, 2}, {}, {1, 1, 1, 1}, 4},
      {"4 groups of 4, wide pads", 1, 16, 16, {3, 2}, {3, 3}, {}, {}, {4, 5, 3, 6}, 4},
      // One filter for each channel.
      {"depthwise 3x3", 1, 20, 20, {15, 17}, {3, 3}, {}, {}, {1, 1, 1, 1}, 20, true, false, clip},
      {"depthwise 3x3 wide", 1, 3, 3, {6, 100}, {3, 3}, {}, {}, {1, 1, 1, 1}, 3},
      {"depthwise 3x3 stride 2", 2, 9, 9, {14, 15}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}, 9},
      {"depthwise 3x3 stride 2 wide", 1, 5, 5, {9, 112}, {3, 3}, {2, 2}, {}, {0, 0, 1, 1}, 5},
      {"depthwise 5x5", 1, 7, 7, {12, 40}, {5, 5}, {}, {}, {2, 2, 2, 2}, 7, true, true, swish},
      {"depthwise 5x5 stride 2", 1, 7, 7, {13, 13}, {5, 5}, {2, 2}, {}, {2, 2, 2, 2}, 7},
      {"depthwise dilated", 1, 4, 4, {20, 21}, {3, 3}, {1, 1}, {2, 3}, {2, 3, 2, 3}, 4},
      {"depthwise strides", 1, 4, 4, {20, 35}, {3, 4}, {2, 3}, {1, 2}, {0, 3, 1, 2}, 4, false},
      {"depthwise multiplier", 1, 6, 18, {9, 9}, {3, 3}, {}, {}, {1, 1, 1, 1}, 6},
      {"depthwise 7x1", 1, 8, 8, {17, 5}, {7, 1}, {}, {}, {3, 0, 3, 0}, 8},
      {"depthwise tiny", 1, 3, 3, {1, 1}, {3, 3}, {}, {}, {1, 1, 1, 1}, 3},
      {"depthwise 1d", 2, 5, 5, {33}, {3}, {}, {}, {1, 1}, 5},
  };
}

/// Layers of networks in use, for timing.
inline std::vector<ConvCase> NetworkConvCases() {
  const Ints one{1, 1, 1, 1}, two{2, 2};
  return {
      {"resnet conv1", 1, 3, 64, {224, 224}, {7, 7}, two, {}, {3, 3, 3, 3}},
      {"resnet 3x3 56", 1, 64, 64, {56, 56}, {3, 3}, {}, {}, one},
      {"resnet 3x3 28", 1, 128, 128, {28, 28}, {3, 3}, {}, {}, one},
      {"resnet 3x3 14", 1, 256, 256, {14, 14}, {3, 3}, {}, {}, one},
      {"resnet 3x3 7", 1, 512, 512, {7, 7}, {3, 3}, {}, {}, one},
      {"resnet 3x3/2 56", 1, 64, 128, {56, 56}, {3, 3}, two, {}, one},
      {"resnet 3x3/2 28", 1, 128, 256, {28, 28}, {3, 3}, two, {}, one},
      {"resnet 3x3/2 14", 1, 256, 512, {14, 14}, {3, 3}, two, {}, one},
      {"resnet 1x1/2 56", 1, 64, 128, {56, 56}, {1, 1}, two},
      {"resnet 1x1 56", 1, 64, 256, {56, 56}, {1, 1}},
      {"resnet 1x1 14", 1, 1024, 256, {14, 14}, {1, 1}},
      {"vgg 3x3 112", 1, 128, 128, {112, 112}, {3, 3}, {}, {}, one},
      {"mobilenet 3x3 112", 1, 32, 32, {112, 112}, {3, 3}, {}, {}, one, 32},
      {"mobilenet 3x3/2 56", 1, 144, 144, {56, 56}, {3, 3}, two, {}, one, 144},
      {"mobilenet 3x3 14", 1, 576, 576, {14, 14}, {3, 3}, {}, {}, one, 576},
      {"efficientnet 5x5 14", 1, 480, 480, {14, 14}, {5, 5}, {}, {}, {2, 2, 2, 2}, 480},
      {"resnext 3x3 56", 1, 128, 128, {56, 56}, {3, 3}, {}, {}, one, 32},
      {"resnext 3x3/2 56", 1, 256, 256, {56, 56}, {3, 3}, two, {}, one, 32},
      {"resnext 3x3 28", 1, 256, 256, {28, 28}, {3, 3}, {}, {}, one, 32},
      {"resnext 3x3 14", 1, 512, 512, {14, 14}, {3, 3}, {}, {}, one, 32},
      {"resnext 3x3 7", 1, 1024, 1024, {7, 7}, {3, 3}, {}, {}, one, 32},
  };
}

}  // namespace sardonyx
