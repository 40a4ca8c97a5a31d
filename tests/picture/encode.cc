#include "tests/picture/encode.h"

#include <openjpeg.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>

// clang-format off
#include <jpeglib.h>  // needs <cstdio> before it
// clang-format on

#include "tests/importer/models.h"

namespace sardonyx {
namespace {

std::string Taken(uint8_t* bytes, size_t size, void (*release)(void*)) {
  std::string result(reinterpret_cast<const char*>(bytes), size);
  release(bytes);
  return result;
}

std::string FileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string Png(int width, int height, int format, const Samples& samples) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = static_cast<png_uint_32>(format);
  std::string bytes(100000, '\0');
  png_alloc_size_t size = bytes.size();
  REQUIRE(png_image_write_to_memory(&image, bytes.data(), &size, 0, samples.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

std::string Jpeg(int width, int height, const Samples& samples, bool progressive) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(&samples[info.next_scanline * width * 3]);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  return Taken(buffer, size, std::free);
}

std::string Webp(int width, int height, const Samples& samples) {
  uint8_t* buffer = nullptr;
  const size_t size = WebPEncodeRGB(samples.data(), width, height, 3 * width, 95, &buffer);
  return Taken(buffer, size, WebPFree);
}

std::string WebpLossless(int width, int height, const Samples& samples) {
  uint8_t* buffer = nullptr;
  const size_t size = WebPEncodeLosslessRGB(samples.data(), width, height, 3 * width, &buffer);
  return Taken(buffer, size, WebPFree);
}

std::string Tiff(int width, int height, int channels, int compression, const Samples& samples) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("picture.tiff", "");
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  REQUIRE(tiff != nullptr);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 2);
  const uint16_t transparency = EXTRASAMPLE_UNASSALPHA;
  if (channels == 4) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &transparency);
  for (int y = 0; y < height; ++y) {
    TIFFWriteScanline(tiff, const_cast<uint8_t*>(&samples[y * width * channels]), y, 0);
  }
  TIFFClose(tiff);
  return FileBytes(path);
}

std::string Jpeg2000(int width, int height, int channels, const Samples& samples, bool bare) {
  opj_image_cmptparm_t component = {};
  component.dx = component.dy = 1;
  component.w = static_cast<OPJ_UINT32>(width);
  component.h = static_cast<OPJ_UINT32>(height);
  component.prec = component.bpp = 8;
  std::vector<opj_image_cmptparm_t> components(channels, component);
  opj_image_t* image = opj_image_create(static_cast<OPJ_UINT32>(channels), components.data(),
                                        channels == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB);
  image->x1 = component.w;
  image->y1 = component.h;
  for (size_t i = 0; i < samples.size(); ++i) {
    image->comps[i % channels].data[i / channels] = samples[i];
  }
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = 2;
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  const TemporaryFolder folder;
  const std::string path = folder.Write("picture.jp2", "");
  opj_codec_t* codec = opj_create_compress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
  REQUIRE(opj_setup_encoder(codec, &parameters, image));
  opj_stream_t* stream = opj_stream_create_default_file_stream(path.c_str(), OPJ_FALSE);
  REQUIRE(opj_start_compress(codec, image, stream));
  REQUIRE(opj_encode(codec, stream));
  REQUIRE(opj_end_compress(codec, stream));
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(image);
  return FileBytes(path);
}

std::string Bmp(int width, int height, int bits, int compression, const std::string& rest) {
  std::string header = "BM";
  const auto field = [&header](int64_t value, int count) {
    for (; count > 0; --count, value >>= 8) header.push_back(static_cast<char>(value & 255));
  };
  const int before = bits <= 8 ? 8 : compression == 3 ? 12 : 0;
  field(54 + static_cast<int64_t>(rest.size()), 4);
  field(0, 4);
  field(54 + before, 4);
  field(40, 4);
  field(width, 4);
  field(height, 4);
  field(1, 2);
  field(bits, 2);
  field(compression, 4);
  for (int i = 0; i < 3; ++i) field(0, 4);
  field(bits <= 8 ? 2 : 0, 4);
  field(0, 4);
  return header + rest;
}

}  // namespace sardonyx
