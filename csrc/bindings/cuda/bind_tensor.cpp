// A model whose arrays live in a device's memory and learn on tensor cores.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bits.h"
#include "base/error.h"
#include "base/fixed.h"
#include "bindings/cuda/device_argument.h"
#include "bindings/engines/train_arguments.h"
#include "bindings/numpy/arrays.h"
#include "bindings/numpy/gil.h"
#include "kernels/cuda/layout.h"
#include "runtime/cuda/buffer.h"
#include "runtime/cuda/tensor/trainer.h"

namespace udl::bindings {
namespace {

namespace py = pybind11;
using Floats = CArray<float>;

TrainSettings settings_of(const py::dict& values) {
  SettingsReader read(values, "train");
  TrainSettings s;
  s.persistent = read.get<std::string>("algorithm") == "pcd";
  s.batch_size = read.get<int64_t>("batch_size");
  s.k = read.get<int64_t>("k");
  s.learning_rate = read.get<double>("learning_rate");
  s.momentum = read.get<double>("momentum");
  s.weight_decay = read.get<double>("weight_decay");
  s.l1 = read.get<double>("l1");
  const auto target = read.get<std::optional<double>>("sparsity_target");
  s.has_sparsity = target.has_value();
  s.sparsity_target = target.value_or(0);
  s.sparsity_cost = read.get<double>("sparsity_cost");
  s.sparsity_damping = read.get<double>("sparsity_damping");
  s.sampled_statistics = read.get<std::string>("statistics") == "sampled";
  read.check_all_used();
  return s;
}

/// Of an argument that is given as rows of packed bits, the lowest bit first.
int64_t check_packed(const CArray<uint8_t>& packed, int64_t n_bits, const char* function,
                     const char* argument) {
  const int64_t n_rows = packed.ndim() == 2 ? packed.shape(0) : 0;
  check_shape(packed, {n_rows, divide_up(n_bits, 8)}, function, argument);
  check_positive(n_rows, function, argument);
  return n_rows;
}

/// Rows of packed bits as words of a device; what lies beyond n_bits does not count.
std::vector<uint32_t> words_of(const CArray<uint8_t>& packed, int64_t n_bits, int64_t stride) {
  const int64_t n_rows = packed.shape(0), n_bytes = packed.shape(1);
  const auto last = static_cast<uint8_t>(low_bits((n_bits - 1) % 8 + 1));
  std::vector<uint32_t> words(n_rows * stride);
  for (int64_t r = 0; r < n_rows; ++r) {
    auto* row = reinterpret_cast<uint8_t*>(&words[r * stride]);
    std::memcpy(row, packed.data(r, 0), n_bytes);
    row[n_bytes - 1] &= last;
  }
  return words;
}

bool is_fast(const std::string& precision) {
  if (precision != "fixed" && precision != "fast")
    throw_invalid("TensorModel: precision must be 'fixed' or 'fast', got '" + precision + "'");
  return precision == "fast";
}

class TensorModel {
 public:
  TensorModel(const Floats& weights, const Floats& hidden_bias, const Floats& visible_bias,
              const std::string& precision, int device, py::object driver)
      : n_hidden_(weights.ndim() == 2 ? weights.shape(0) : 0),
        n_visible_(weights.ndim() == 2 ? weights.shape(1) : 0),
        fast_(is_fast(precision)),
        driver_(driver_of(device, std::move(driver))),
        weights_(*driver_, n_hidden_ * n_visible_),
        velocity_(*driver_),
        hidden_bias_(*driver_, n_hidden_),
        visible_bias_(*driver_, n_visible_),
        hidden_velocity_(*driver_, n_hidden_),
        visible_velocity_(*driver_, n_visible_),
        mean_activation_(*driver_, n_hidden_),
        chains_(*driver_),
        rows_(*driver_),
        trainer_(*driver_) {
    check_positive(n_hidden_ * n_visible_, "TensorModel", "weights.size");
    check_shape(hidden_bias, {n_hidden_}, "TensorModel", "hidden_bias");
    check_shape(visible_bias, {n_visible_}, "TensorModel", "visible_bias");
    weights_.copy_from(weights.data());
    hidden_bias_.copy_from(hidden_bias.data());
    visible_bias_.copy_from(visible_bias.data());
    hidden_velocity_.zero();
    visible_velocity_.zero();
    mean_activation_.zero();
  }

  void set_chains(const CArray<uint8_t>& packed) {
    n_chains_ = check_packed(packed, n_hidden_, "set_chains", "packed");
    const auto words = words_of(packed, n_hidden_, cuda::state_stride(n_hidden_));
    chains_ = cuda::DeviceBuffer<uint32_t>(*driver_, static_cast<int64_t>(words.size()));
    chains_.copy_from(words.data());
  }

  py::array_t<uint8_t> chains() const {
    const int64_t stride = cuda::state_stride(n_hidden_), bytes = divide_up(n_hidden_, 8);
    std::vector<uint32_t> words(chains_.size());
    chains_.copy_to(words.data());
    py::array_t<uint8_t> out({n_chains_, bytes});
    for (int64_t r = 0; r < n_chains_; ++r)
      std::memcpy(out.mutable_data(r, 0), &words[r * stride], bytes);
    return out;
  }

  void set_tiles(const std::optional<std::string>& name) {
    const auto tiles = name ? cuda::tile_size_from_name(*name) : std::nullopt;
    if (name && !tiles)
      throw_invalid("set_tiles: name must be None, 'large', 'medium' or 'small', got '" + *name +
                    "'");
    trainer_.set_tiles(tiles);
  }

  py::dict train(const CArray<uint8_t>& packed, const std::optional<CArray<uint32_t>>& order,
                 const py::dict& settings, uint64_t seed, int64_t step, const py::object& poll) {
    cuda::TensorPass pass{};
    pass.settings = settings_of(settings);
    pass.n_rows = check_packed(packed, n_visible_, "train", "packed");
    pass.n_chains = n_chains_;
    check_step(step, "train");
    check_can_train(pass);
    const std::vector<uint32_t> of_rows = checked_order(order, pass.n_rows);
    const int64_t stride = divide_up(n_visible_, cuda::kStateBits);
    const auto words = words_of(packed, n_visible_, stride);
    rows_ = cuda::DeviceBuffer<uint32_t>(*driver_, static_cast<int64_t>(words.size()));
    rows_.copy_from(words.data());
    prepare_velocity(pass.settings.momentum);
    pass.model = model();
    pass.rows = {rows_.data(), stride};
    pass.order = of_rows.empty() ? nullptr : of_rows.data();
    pass.fast = fast_;
    pass.has_mean_activation = has_mean_activation_;
    pass.seed = seed;
    pass.step = static_cast<uint64_t>(step);
    if (!poll.is_none())
      pass.poll = [&](int64_t n_rows) {
        const HeldGil gil;
        return poll(n_rows).cast<bool>();
      };
    cuda::TensorResult result;
    {
      const ReleasedGil release;
      result = trainer_.train(pass);
    }
    has_mean_activation_ = has_mean_activation_ || pass.settings.has_sparsity;
    py::dict out;
    out["n_updates"] = result.n_updates;
    out["n_rows"] = result.n_rows;
    out["step"] = result.step;
    out["stopped"] = result.stopped;
    out["finite"] = result.finite;
    return out;
  }

  py::dict arrays() const {
    py::dict out;
    const auto add = [&](const char* name, const cuda::DeviceBuffer<float>& from) {
      Floats array(from.size());
      from.copy_to(array.mutable_data());
      out[name] = array;
    };
    add("weights", weights_);
    add("weight_velocity", velocity_);
    add("hidden_bias", hidden_bias_);
    add("visible_bias", visible_bias_);
    add("hidden_velocity", hidden_velocity_);
    add("visible_velocity", visible_velocity_);
    add("mean_activation", mean_activation_);
    return out;
  }

 private:
  void check_can_train(const cuda::TensorPass& pass) const {
    check_positive(pass.settings.batch_size, "train", "batch_size");
    check_positive(pass.settings.k, "train", "k");
    if (pass.settings.persistent) check_positive(n_chains_, "train", "n_chains");
    if (!cuda::tensor_cores_serve(driver_->facts(), pass.settings, pass.n_rows, n_chains_))
      throw_invalid("train: tensor cores of capability 8.0 and at most " +
                    std::to_string(kMaxRowsPerSum) +
                    " rows a minibatch are needed, the device has capability " +
                    std::to_string(driver_->facts().capability / 10) + "." +
                    std::to_string(driver_->facts().capability % 10));
  }

  static std::vector<uint32_t> checked_order(const std::optional<CArray<uint32_t>>& order,
                                             int64_t n_rows) {
    if (!order) return {};
    check_shape(*order, {n_rows}, "train", "order");
    std::vector<uint32_t> copy(order->data(), order->data() + n_rows);
    for (const uint32_t row : copy)
      if (row >= n_rows)
        throw_invalid("train: order holds " + std::to_string(row) + ", but there are " +
                      std::to_string(n_rows) + " rows");
    return copy;
  }

  /// Momentum that is switched off forgets what it had.
  void prepare_velocity(double momentum) {
    if (momentum == 0) {
      velocity_ = cuda::DeviceBuffer<float>(*driver_);
    } else if (velocity_.size() == 0) {
      velocity_ = cuda::DeviceBuffer<float>(*driver_, n_hidden_ * n_visible_);
      velocity_.zero();
    }
  }

  cuda::ModelArrays model() {
    return {n_visible_,
            n_hidden_,
            weights_.data(),
            velocity_.data(),
            hidden_bias_.data(),
            visible_bias_.data(),
            hidden_velocity_.data(),
            visible_velocity_.data(),
            mean_activation_.data(),
            chains_.data()};
  }

  const int64_t n_hidden_, n_visible_;
  const bool fast_;
  std::unique_ptr<cuda::Driver> driver_;
  cuda::DeviceBuffer<float> weights_, velocity_, hidden_bias_, visible_bias_, hidden_velocity_,
      visible_velocity_, mean_activation_;
  cuda::DeviceBuffer<uint32_t> chains_, rows_;
  int64_t n_chains_ = 0;
  bool has_mean_activation_ = false;
  cuda::TensorTrainer trainer_;
};

}  // namespace
}  // namespace udl::bindings

void init_cuda_tensor(pybind11::module_& m) {
  using namespace udl::bindings;
  py::class_<TensorModel>(m, "TensorModel")
      .def(py::init<Floats, Floats, Floats, std::string, int, py::object>(), py::arg("weights"),
           py::arg("hidden_bias"), py::arg("visible_bias"), py::arg("precision"),
           py::arg("device") = 0, py::arg("driver") = py::none())
      .def("set_tiles", &TensorModel::set_tiles, py::arg("name"))
      .def("set_chains", &TensorModel::set_chains, py::arg("packed"))
      .def("chains", &TensorModel::chains)
      .def("train", &TensorModel::train, py::arg("packed"), py::arg("order"), py::arg("settings"),
           py::arg("seed"), py::arg("step"), py::arg("poll"))
      .def("arrays", &TensorModel::arrays);
}
