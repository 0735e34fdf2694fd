# What makes faults of memory harder to abuse, and what the module shows to others.
include(CheckCXXSourceCompiles)

# Whether the compiler or its flags choose a level of fortification already, as distributions do.
set(CMAKE_REQUIRED_FLAGS -O2)
check_cxx_source_compiles("
#ifndef _FORTIFY_SOURCE
#error unset
#endif
int main() {}" UDL_FAST_FORTIFIED)
unset(CMAKE_REQUIRED_FLAGS)

# Fortified calls of the C library need optimisation; sanitizers bring their own checks. Kernels are
# called for tiles of some hundred nanoseconds and get raw pointers of checked sizes: they have no
# canaries.
function(udl_harden target)
  if(MSVC OR UDL_FAST_SANITIZE)
    return()
  endif()
  target_compile_options(${target} PRIVATE -fstack-protector-strong)
  if(NOT UDL_FAST_FORTIFIED)
    target_compile_options(${target} PRIVATE
      "$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>")
  endif()
endfunction()

# Only what exports.map lists leaves the module: the standard library's instantiations would
# otherwise be shared with whatever else is loaded. Addresses are resolved at load, then read-only.
function(udl_harden_module target)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    return()
  endif()
  set(exports ${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now -Wl,--version-script=${exports})
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${exports})
endfunction()
