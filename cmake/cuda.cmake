# The optional module `_cuda`. UDL_FAST_CUDA=AUTO builds it where a CUDA compiler that serves is found
# and never fails an install; ON fails without one. What became of it is reported by show_config().
#
# Sets UDL_FAST_CUDA_FOUND and UDL_FAST_CUDA_STATUS.
include(CheckLanguage)

if(NOT UDL_FAST_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "UDL_FAST_CUDA must be AUTO, ON or OFF, got '${UDL_FAST_CUDA}'")
endif()

# Machine code for each of these that the compiler knows (90a: of the H100 and H200 alone, which have
# instructions that no other card has), and PTX, from which drivers make code for cards to come.
set(UDL_FAST_CUDA_ARCHITECTURES "75;80;86;89;90a;100;120" CACHE STRING
  "CUDA architectures to compile for; fewer compile faster")
set(UDL_CUDA_PTX 80)
set(UDL_CUDA_OLDEST_COMPILER 12.0)

# Why there is no module, in `reason`; empty if there can be one.
function(udl_find_cuda reason)
  set(${reason} "" PARENT_SCOPE)
  if(UDL_FAST_CUDA STREQUAL "OFF")
    set(${reason} "UDL_FAST_CUDA=OFF" PARENT_SCOPE)
    return()
  endif()
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(${reason} "no CUDA compiler was found" PARENT_SCOPE)
    return()
  endif()
  find_package(CUDAToolkit ${UDL_CUDA_OLDEST_COMPILER} QUIET)
  if(NOT CUDAToolkit_FOUND OR NOT TARGET CUDA::cudart_static)
    set(${reason}
      "${CMAKE_CUDA_COMPILER} has no static runtime library of CUDA ${UDL_CUDA_OLDEST_COMPILER} or newer" PARENT_SCOPE)
  endif()
endfunction()

# The architectures asked for that the compiler knows, as CMake spells them.
function(udl_known_cuda_architectures compiler out)
  execute_process(COMMAND ${compiler} --list-gpu-code OUTPUT_VARIABLE known)
  set(found "")
  foreach(architecture IN LISTS UDL_FAST_CUDA_ARCHITECTURES)
    string(REGEX REPLACE "a$" "" number ${architecture})
    if(known MATCHES "sm_${number}[^0-9]")
      list(APPEND found ${architecture}-real)
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

udl_find_cuda(UDL_CUDA_REASON)
if(UDL_CUDA_REASON STREQUAL "")
  set(UDL_FAST_CUDA_FOUND ON)
  set(UDL_FAST_CUDA_STATUS "built with CUDA ${CUDAToolkit_VERSION}")
elseif(UDL_FAST_CUDA STREQUAL "ON")
  message(FATAL_ERROR "UDL_FAST_CUDA=ON, but ${UDL_CUDA_REASON}; set CUDACXX or use AUTO")
else()
  set(UDL_FAST_CUDA_FOUND OFF)
  set(UDL_FAST_CUDA_STATUS "built without CUDA: ${UDL_CUDA_REASON}")
endif()
message(STATUS "udl_fast CUDA: ${UDL_FAST_CUDA_STATUS}")

# Kernels of one folder of csrc/kernels/cuda for these architectures: an object library.
function(udl_add_cuda_kernels library)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;ARCHITECTURES")
  add_library(${library} OBJECT ${arg_SOURCES})
  set_target_properties(${library} PROPERTIES
    CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON CUDA_VISIBILITY_PRESET hidden
    CUDA_ARCHITECTURES "${arg_ARCHITECTURES}")
  target_include_directories(${library} PRIVATE csrc)
  # Bits are promised equal to those of a CPU: no contraction into fma. One thread for each processor,
  # over architectures.
  include(ProcessorCount)
  ProcessorCount(n_processors)
  target_compile_options(${library} PRIVATE
    -fmad=false --threads=${n_processors} -Xcompiler=-Wall,-Wextra,-ffp-contract=off)
  if(UDL_FAST_WERROR)
    target_compile_options(${library} PRIVATE -Werror=all-warnings -Xcompiler=-Werror)
  endif()
endfunction()

# `_cuda`: after Python, pybind11 and the runtime of the CPU have been found. Of the latter it holds
# what its own code calls: the linker takes no more of an archive.
function(udl_add_cuda_module)
  udl_known_cuda_architectures(${CMAKE_CUDA_COMPILER} architectures)
  file(GLOB_RECURSE kernel_sources CONFIGURE_DEPENDS csrc/kernels/cuda/*.cu)
  # Products of bytes and asynchronous copies came with 8.0.
  set(tensor_sources ${kernel_sources})
  list(FILTER tensor_sources INCLUDE REGEX "/kernels/cuda/tensor/")
  list(REMOVE_ITEM kernel_sources ${tensor_sources})
  set(tensor_architectures ${architectures})
  list(FILTER tensor_architectures EXCLUDE REGEX "^7")
  udl_add_cuda_kernels(udl_fast_cuda_kernels
    SOURCES ${kernel_sources} ARCHITECTURES ${architectures} ${UDL_CUDA_PTX}-virtual)
  udl_add_cuda_kernels(udl_fast_cuda_tensor_kernels
    SOURCES ${tensor_sources} ARCHITECTURES ${tensor_architectures} ${UDL_CUDA_PTX}-virtual)

  file(GLOB_RECURSE runtime_sources CONFIGURE_DEPENDS csrc/runtime/cuda/*.cpp)
  file(GLOB_RECURSE binding_sources CONFIGURE_DEPENDS csrc/bindings/cuda/*.cpp)
  pybind11_add_module(_cuda MODULE ${runtime_sources} ${binding_sources}
    $<TARGET_OBJECTS:udl_fast_shared_bindings>
    $<TARGET_OBJECTS:udl_fast_cuda_kernels> $<TARGET_OBJECTS:udl_fast_cuda_tensor_kernels>)
  add_library(udl_fast_runtime_archive STATIC $<TARGET_OBJECTS:udl_fast_runtime>)
  target_include_directories(_cuda PRIVATE csrc)
  target_compile_definitions(_cuda PRIVATE UDL_FAST_VERSION="${SKBUILD_PROJECT_VERSION}")
  target_link_libraries(_cuda PRIVATE udl_fast_runtime_archive Threads::Threads CUDA::cudart_static)
  target_precompile_headers(_cuda REUSE_FROM udl_fast_shared_bindings)
  set_source_files_properties(${runtime_sources} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  udl_set_options(_cuda)
  udl_harden(_cuda)
  udl_harden_module(_cuda)
  install(TARGETS _cuda LIBRARY DESTINATION udl_fast)
endfunction()
