// An engine by the name of its precision.
#include <memory>
#include <string>

#include "base/error.h"
#include "runtime/rbm/fixed_engine.h"
#include "runtime/rbm/plain/engine.h"

namespace udl {

std::unique_ptr<RbmEngine> make_rbm_engine(int64_t n_visible, int64_t n_hidden,
                                           const std::string& precision) {
  if (precision == "fixed" || precision == "fast")
    return std::make_unique<FixedRbmEngine>(n_visible, n_hidden, precision == "fast");
  if (precision == "float64") return std::make_unique<PlainRbmEngine>(n_visible, n_hidden);
  throw_invalid("RbmEngine: precision must be 'fixed', 'fast' or 'float64', got '" + precision +
                "'");
}

}  // namespace udl
