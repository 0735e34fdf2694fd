#pragma once
// Settings of nets by name, checked.
#include <cmath>
#include <limits>
#include <string>

#include "bindings/engines/train_arguments.h"
#include "runtime/dense/settings.h"
#include "runtime/dense/shape.h"

namespace udl::bindings {

inline void check_share(double value, const char* function, const char* name) {
  if (!(value >= 0 && value < 1))
    throw_invalid(std::string(function) + ": " + name + " must be at least 0 and below 1, got " +
                  std::to_string(value));
}

inline void check_not_negative(double value, const char* function, const char* name) {
  if (!(std::isfinite(value) && value >= 0))
    throw_invalid(std::string(function) + ": " + name + " must be finite and at least 0, got " +
                  std::to_string(value));
}

inline Corruption corruption_from_name(const std::string& name, const char* function) {
  if (name == "none") return Corruption::none;
  if (name == "masking") return Corruption::masking;
  if (name == "salt_and_pepper") return Corruption::salt_and_pepper;
  if (name == "gaussian") return Corruption::gaussian;
  throw_invalid(std::string(function) +
                ": corruption must be 'none', 'masking', 'salt_and_pepper' or 'gaussian', got '" +
                name + "'");
}

/// All entries have a default, which is to do without.
inline Objective read_objective(SettingsReader& reader, const NetShape& shape,
                                const char* function) {
  Objective out;
  out.weight_decay = reader.get_or("weight_decay", 0.0);
  out.l1 = reader.get_or("l1", 0.0);
  out.first_decayed_layer = reader.get_or("first_decayed_layer", 0);
  out.sparsity_target = reader.get_or("sparsity_target", 0.0);
  out.sparsity_cost = reader.get_or("sparsity_cost", 0.0);
  out.corruption = corruption_from_name(reader.get_or("corruption", std::string("none")), function);
  out.corruption_level = reader.get_or("corruption_level", 0.0);
  out.dropout = reader.get_or("dropout", 0.0);
  out.code_layer = reader.get_or("code_layer", -1);
  out.code_noise = reader.get_or("code_noise", 0.0);
  out.fixed_code_noise = reader.get_or("fixed_code_noise", false);
  out.rounded_code = reader.get_or("rounded_code", false);
  check_not_negative(out.weight_decay, function, "weight_decay");
  check_not_negative(out.l1, function, "l1");
  check_not_negative(out.sparsity_cost, function, "sparsity_cost");
  if (out.first_decayed_layer < 0 || out.first_decayed_layer > shape.last_layer())
    throw_invalid(std::string(function) + ": first_decayed_layer must be a layer, 0 to " +
                  std::to_string(shape.last_layer()) + ", got " +
                  std::to_string(out.first_decayed_layer));
  check_share(out.sparsity_target, function, "sparsity_target");
  check_not_negative(out.corruption_level, function, "corruption_level");
  check_share(out.dropout, function, "dropout");
  check_not_negative(out.code_noise, function, "code_noise");
  if (out.code_layer < -1 || out.code_layer >= shape.last_layer())
    throw_invalid(std::string(function) + ": code_layer must be -1 or a hidden layer, below " +
                  std::to_string(shape.last_layer()) + ", got " + std::to_string(out.code_layer));
  return out;
}

inline UpdateRule read_rule(SettingsReader& reader, const char* function) {
  UpdateRule out;
  const auto solver = reader.get<std::string>("solver");
  if (solver != "sgd" && solver != "adam")
    throw_invalid(std::string(function) + ": solver must be 'sgd' or 'adam', got '" + solver + "'");
  out.solver = solver == "adam" ? Solver::adam : Solver::sgd;
  out.learning_rate = reader.get<double>("learning_rate");
  out.momentum = reader.get<double>("momentum");
  out.nesterov = reader.get_or("nesterov", false);
  out.square_decay = reader.get_or("square_decay", out.square_decay);
  out.epsilon = reader.get_or("epsilon", out.epsilon);
  check_not_negative(out.learning_rate, function, "learning_rate");
  check_share(out.momentum, function, "momentum");
  check_share(out.square_decay, function, "square_decay");
  // Where a gradient has always been 0, its size is that alone.
  if (!(out.epsilon >= std::numeric_limits<float>::min()))
    throw_invalid(std::string(function) + ": epsilon must be at least 1.2e-38, got " +
                  std::to_string(out.epsilon));
  return out;
}

}  // namespace udl::bindings
