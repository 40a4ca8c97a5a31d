// LeNet in C++: which class is the picture in a file of 28 x 28 bytes?
//
//   classify MODEL PICTURE.raw
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <vector>

#include "sardonyx/sardonyx.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: classify MODEL PICTURE.raw\n";
    return 2;
  }
  std::vector<unsigned char> bytes(28 * 28);
  std::ifstream(argv[2], std::ios::binary)
      .read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  std::vector<float> pixels;
  for (const unsigned char byte : bytes) pixels.push_back(static_cast<float>(byte) / 255.0f);

  try {
    const sardonyx::Session session(argv[1], sardonyx::Options().Threads(1));
    const auto input = sardonyx::Value::Borrow({1, 1, 28, 28}, pixels.data(), pixels.size());
    const std::vector<sardonyx::Value> outputs = session.Run({input});
    const sardonyx::Span<float> scores = outputs[0].Data<float>();
    std::cout << "class " << std::max_element(scores.begin(), scores.end()) - scores.begin()
              << "\n";
  } catch (const sardonyx::Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
