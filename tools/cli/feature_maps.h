// Values as pictures, for pages.
#pragma once

#include "runtime/base/tensor.h"
#include "tools/cli/output.h"
#include "tools/cli/tensor_stats.h"

namespace sardonyx {

/// The first element of the batch, a picture for each channel (the first 64 of them, reduced to at
/// most 64 x 64 by averaging, 256 x 256 where there is one alone), rows of a matrix as one picture,
/// a vector as a row: {"maps", "of", "height", "width", "pixels"}. Pixels are bytes in base64, one
/// picture after another: 0 is `stats.min`, 254 `stats.max`, and 255 stands for what is not finite.
/// null where there is nothing to show. `tensor` is in the model's layout.
Json FeatureMaps(const Tensor& tensor, const TensorStats& stats);

}  // namespace sardonyx
