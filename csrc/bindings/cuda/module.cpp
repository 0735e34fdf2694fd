// The module of CUDA devices: a table of contents. It loads without a driver.
#include <pybind11/pybind11.h>

namespace py = pybind11;

void init_cuda_arrays(py::module_& m);
void init_cuda_device(py::module_& m);
void init_cuda_hamming(py::module_& m);
void init_cuda_rbm(py::module_& m);

PYBIND11_MODULE(_cuda, m, py::mod_gil_not_used()) {
  m.doc() = "What udl_fast does on NVIDIA GPUs. Private: use the classes of the udl_fast package.";
  m.attr("__version__") = UDL_FAST_VERSION;
  init_cuda_device(m);
  init_cuda_arrays(m);
  init_cuda_hamming(m);
  init_cuda_rbm(m);
}
