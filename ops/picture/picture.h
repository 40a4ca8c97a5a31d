// Pictures in files, as tensors.
#pragma once

#include "absl/strings/string_view.h"
#include "runtime/op.h"

namespace sardonyx {

/// Pixels that a picture may have; more are refused before memory is taken for them.
inline constexpr int64_t kMaxPixels = 100'000'000;

/// The picture in `bytes` as uint8[height,width,3]: red, green, blue, as stored (no gamma, no
/// colour profile). Grey is spread over all three, samples of other depths are brought to 0..255,
/// transparency is dropped. BMP, JPEG, JPEG 2000, PNG, PNM (P1 to P6), TIFF and WebP, told apart by
/// their first bytes; of several pictures in a file the first.
/// The environment's control and budget (which may be null) bound the work and the memory of both
/// picture and decoder. Errors: ResourceExhausted for what is too large, the control's, otherwise
/// what is wrong with the file; one that is cut short is wrong.
StatusOr<Tensor> DecodePicture(absl::string_view bytes, const RunEnvironment& environment);

}  // namespace sardonyx
