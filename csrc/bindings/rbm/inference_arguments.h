#pragma once
// What means, samples and chains of an RBM are asked with, for rows of the host or of a device.
#include <cstdint>
#include <string>

#include "bindings/numpy/arrays.h"
#include "bindings/numpy/rows.h"
#include "bindings/rbm/rbm_engine_methods.h"
#include "runtime/rbm/engine.h"

namespace udl::bindings {

/// Rows as states of one layer of the model, on n_threads threads.
template <class AnyRows>
void check_call(const AnyRows& rows, int64_t n_units, int n_threads, const char* function) {
  check_columns(rows, n_units, function, "rows", "the model");
  check_threads(n_threads, function);
}

inline DrawSource draw_source(const char* function, int64_t n_rows, uint64_t seed,
                              const std::string& stream, int64_t step, int64_t first_chain) {
  check_step(step, function);
  check_chains(first_chain, n_rows, function);
  return {seed, stream_from_name(stream), static_cast<uint64_t>(step),
          static_cast<uint32_t>(first_chain)};
}

inline void check_steps(int64_t n_steps, int64_t step, const char* function) {
  check_positive(n_steps, function, "n_steps");
  if (n_steps > static_cast<int64_t>(kMaxStep) - step)
    throw_invalid(std::string(function) + ": n_steps must be at most " +
                  std::to_string(static_cast<int64_t>(kMaxStep) - step) +
                  ", since Gibbs steps are numbered by 48 bits; got " + std::to_string(n_steps));
}

/// Mask or values of held units, for chains that start at n_rows rows of n_columns units.
template <class AnyRows>
void check_clamp(const AnyRows& part, bool are_bits, int64_t n_rows, int64_t n_columns,
                 const char* function) {
  check_columns(part, n_columns, function, "clamp", "the model");
  if (part.rows() != 1 && part.rows() != n_rows)
    throw_invalid(std::string(function) + ": clamp has " + std::to_string(part.rows()) +
                  " rows, expected 1 or " + std::to_string(n_rows));
  if (!are_bits) throw_invalid(std::string(function) + ": clamp holds values other than 0 and 1");
}

/// At beta = 0 a normal unit could be anywhere.
inline void check_beta(const RbmEngine& engine, double beta, const char* function) {
  if (!(beta >= 0 && beta <= 1))
    throw_invalid(std::string(function) + ": beta must be between 0 and 1, got " +
                  std::to_string(beta));
  if (beta == 0 && (is_normal(engine.units().visible) || is_normal(engine.units().hidden)))
    throw_invalid(std::string(function) + ": beta must be above 0 for units of real values, got 0");
}

/// Where chains take their draws from, once all that says how they run has been checked.
inline DrawSource chain_source(const RbmEngine& engine, const char* function, int64_t n_rows,
                               int64_t n_steps, uint64_t seed, const std::string& stream,
                               int64_t step, int64_t first_chain, double beta) {
  const DrawSource source = draw_source(function, n_rows, seed, stream, step, first_chain);
  check_steps(n_steps, step, function);
  check_beta(engine, beta, function);
  return source;
}

/// A method that draws one layer.
template <class Method>
void define_draws(RbmEngineClass& c, const char* name, Method method) {
  c.def(name, method, py::arg("rows"), py::arg("seed"), py::arg("stream"), py::arg("step"),
        py::arg("first_chain"), py::arg("n_threads"));
}

/// A method that runs Gibbs chains.
template <class Method>
void define_chains(RbmEngineClass& c, const char* name, Method method) {
  c.def(name, method, py::arg("rows"), py::arg("n_steps"), py::arg("seed"), py::arg("stream"),
        py::arg("step"), py::arg("first_chain"), py::arg("n_threads"),
        py::arg("clamp") = py::none(), py::arg("beta") = 1.0);
}

}  // namespace udl::bindings
