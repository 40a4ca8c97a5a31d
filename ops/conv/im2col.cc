#include "ops/conv/im2col.h"

#include <algorithm>

#include "ops/conv/im2col_kernel.h"

namespace sardonyx {

struct Patches::Run {
  int64_t depth, line;    // the row: its position along the first two axes
  int64_t begin, length;  // pixels along the last axis
  int64_t place;          // of the first one in the panel
};

Patches::Patches(const ConvShape& conv, const float* x)
    : x_(x),
      window_(AtLeastRank(conv.window, 3)),
      channels_(conv.group_in()),
      plane_(conv.input_plane()),
      kernel_(conv.kernel_plane()) {}

void Patches::Pack(int64_t index, int64_t row, int64_t rows, int64_t column, int64_t columns,
                   int64_t width, float* panel) const {
  const float* image = x_ + index * channels_ * plane_;
  const int64_t line_length = window_[2].output;
  for (int64_t done = 0; done < columns;) {
    const int64_t pixel = column + done, line = pixel / line_length;
    Run run{.depth = line / window_[1].output,
            .line = line % window_[1].output,
            .begin = pixel % line_length,
            .place = done};
    run.length = std::min(line_length - run.begin, columns - done);
    PackRun(run, image, row, rows, width, panel);
    done += run.length;
  }
  if (columns < width) {
    for (int64_t p = 0; p < rows; ++p) {
      std::fill(panel + p * width + columns, panel + (p + 1) * width, 0.0f);
    }
  }
}

void Patches::PackRun(const Run& run, const float* image, int64_t row, int64_t rows, int64_t width,
                      float* panel) const {
  const WindowAxis &z = window_[0], &y = window_[1], &x = window_[2];
  // One position of the kernel at a time, for all channels: padding is the same in each.
  for (int64_t q = 0; q < kernel_; ++q) {
    const int64_t first = row <= q ? 0 : (row - q + kernel_ - 1) / kernel_;
    const int64_t last = row + rows <= q ? 0 : (row + rows - q + kernel_ - 1) / kernel_;
    if (first >= last) continue;
    const int64_t kx = q % x.kernel, ky = q / x.kernel % y.kernel, kz = q / (x.kernel * y.kernel);
    const int64_t in_z = run.depth * z.stride - z.pad_begin + kz * z.dilation;
    const int64_t in_y = run.line * y.stride - y.pad_begin + ky * y.dilation;
    const int64_t in_x = run.begin * x.stride - x.pad_begin + kx * x.dilation;
    RowPieces pieces{.from_step = plane_,
                     .stride = x.stride,
                     .lines = last - first,
                     .to = panel + (first * kernel_ + q - row) * width + run.place,
                     .to_step = kernel_ * width};
    const bool inside = in_z >= 0 && in_z < z.input && in_y >= 0 && in_y < y.input;
    if (inside) {
      pieces.before = in_x < 0 ? std::min(run.length, (-in_x + x.stride - 1) / x.stride) : 0;
      const int64_t end =
          in_x >= x.input ? 0 : std::min(run.length, (x.input - in_x + x.stride - 1) / x.stride);
      pieces.count = std::max<int64_t>(end - pieces.before, 0);
      pieces.after = run.length - pieces.before - pieces.count;
      if (pieces.count > 0) {
        pieces.from = image + first * plane_ + (in_z * y.input + in_y) * x.input + in_x +
                      pieces.before * x.stride;
      }
    } else {
      pieces.before = run.length;
    }
    CopyRowPieces(pieces);
  }
}

}  // namespace sardonyx
