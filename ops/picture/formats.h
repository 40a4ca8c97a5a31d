// One decoder for each format of picture, as DecodePicture describes them.
#pragma once

#include <memory>

#include "ops/picture/picture.h"

namespace sardonyx {

using PictureDecoder = StatusOr<Tensor>(absl::string_view bytes, const RunEnvironment& environment);
PictureDecoder DecodeBmp, DecodeJpeg, DecodeJpeg2000, DecodePng, DecodePnm, DecodeTiff, DecodeWebp;

/// The tensor for a picture of that size, not initialised. Errors: no pixels, or too many.
StatusOr<Tensor> NewPicture(int64_t width, int64_t height, const RunEnvironment& environment);

/// Frees what a C library made when it goes out of scope.
template <typename T, auto free>
struct FreeWith {
  void operator()(T* object) const { free(object); }
};
template <typename T, auto free>
using Owned = std::unique_ptr<T, FreeWith<T, free>>;

}  // namespace sardonyx
