// The compiled module: a table of contents.
#include <pybind11/pybind11.h>

namespace py = pybind11;

void init_runtime(py::module_& m);
void init_random(py::module_& m);
void init_rows(py::module_& m);
void init_rbm(py::module_& m);
void init_rbm_up_down(py::module_& m);
void init_dense(py::module_& m);
void init_lbfgs(py::module_& m);
void init_hamming(py::module_& m);
void init_hamming_tables(py::module_& m);
void init_hamming_kernels(py::module_& m);
void init_kernels(py::module_& m);
void init_dense_kernels(py::module_& m);

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "Kernels of udl_fast. Private: use the classes of the udl_fast package.";
  m.attr("__version__") = UDL_FAST_VERSION;
  init_runtime(m);
  init_random(m);
  init_rows(m);
  init_rbm(m);
  init_rbm_up_down(m);
  init_dense(m);
  init_lbfgs(m);
  init_hamming(m);
  init_hamming_tables(m);
  init_hamming_kernels(m);
  init_kernels(m);
  init_dense_kernels(m);
}
