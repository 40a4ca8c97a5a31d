/* Calls a function of a C interface again and again, so that no interpreter is timed. */
#include <stdint.h>
#include <time.h>

/* Of pointers, and integers as wide. What takes fewer takes no notice of the rest, as 64-bit systems
 * pass these in registers and on the stack. */
typedef void *(*Call)(void *, void *, void *, void *, void *, void *, void *, void *);

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* Calls it for so many milliseconds, at least once and at most `most` times, and notes how many
 * each call took. Returns how many calls there were; -1 when one gave something else than 0. */
int64_t Repeat(Call call, void **a, double milliseconds, int64_t most, double *times) {
  const double end = Now() + milliseconds;
  int64_t count = 0;
  double before = Now();
  do {
    const uintptr_t failed = (uintptr_t)call(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    if ((uint32_t)failed != 0) return -1;
    const double after = Now();
    times[count++] = after - before;
    before = after;
  } while (before < end && count < most);
  return count;
}
