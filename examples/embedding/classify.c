/* LeNet in C: which class is the picture in a file of 28 x 28 bytes?
 *
 *   classify MODEL PICTURE.raw
 */
#include <stdio.h>
#include <stdlib.h>

#include "sardonyx/c_api.h"

enum { kSide = 28, kClasses = 10 };

static const SardonyxApi* sardonyx;

/* Ends the program with the library's words. */
static void Check(SardonyxStatus* status) {
  if (status == NULL) return;
  fprintf(stderr, "%s\n", sardonyx->status_message(status));
  sardonyx->release_status(status);
  exit(1);
}

int main(int argc, char** argv) {
  sardonyx = sardonyx_api(SARDONYX_API_VERSION);
  if (sardonyx == NULL || argc != 3) {
    fprintf(stderr, "usage: classify MODEL PICTURE.raw\n");
    return 2;
  }
  unsigned char bytes[kSide * kSide];
  FILE* file = fopen(argv[2], "rb");
  if (file == NULL || fread(bytes, 1, sizeof(bytes), file) != sizeof(bytes)) {
    fprintf(stderr, "cannot read 784 bytes from %s\n", argv[2]);
    return 1;
  }
  fclose(file);
  float pixels[kSide * kSide];
  for (int i = 0; i < kSide * kSide; ++i) pixels[i] = (float)bytes[i] / 255.0f;

  SardonyxSession* session = NULL;
  Check(sardonyx->load_file(argv[1], NULL, &session));

  const int64_t dims[] = {1, 1, kSide, kSide};
  const SardonyxTensor tensor = {.element_type = 1, .rank = 4, .dims = dims, .data = pixels};
  SardonyxValue* input = NULL;
  Check(sardonyx->borrow_tensor(&tensor, sizeof(pixels), NULL, NULL, &input));

  SardonyxValue* output = NULL;
  const SardonyxValue* inputs[] = {input};
  Check(sardonyx->run(session, NULL, NULL, inputs, 1, NULL, &output, 1));

  SardonyxTensor scores;
  Check(sardonyx->tensor(output, &scores));
  int best = 0;
  for (int i = 1; i < kClasses; ++i) {
    if (((float*)scores.data)[i] > ((float*)scores.data)[best]) best = i;
  }
  printf("class %d\n", best);

  sardonyx->release_value(output);
  sardonyx->release_value(input);
  sardonyx->release_session(session);
  return 0;
}
