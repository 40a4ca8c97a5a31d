#include "ops/signal/ops.h"

#include <iterator>

#include "ops/signal/defs.h"

namespace sardonyx {

std::vector<OpDef> SignalOps() {
  std::vector<OpDef> all = FourierOps();
  std::vector<OpDef> windows = WindowOps();
  all.insert(all.end(), std::make_move_iterator(windows.begin()),
             std::make_move_iterator(windows.end()));
  return all;
}

}  // namespace sardonyx
