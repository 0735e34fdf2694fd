# The only place that knows instruction-set flags. Each .cpp directly in csrc/kernels/cpu is compiled
# once per CPU target; the run time picks one (csrc/runtime/dispatch/target.cpp).
#
# Sets UDL_CPU_TARGET_DEFINITIONS: one UDL_HAS_TARGET_<NAME> for each compiled target.
include(CheckCXXCompilerFlag)

# Sixteen lanes as plain loops make long functions, in which GCC looks for redundant loads for half of its time.
set(UDL_FLAGS_baseline $<$<CXX_COMPILER_ID:GNU>:--param=sccvn-max-alias-queries-per-access=30>)
# A CPU without prefetchw passes over it: it is a hint.
set(UDL_FLAGS_avx2 -mavx2 -mfma -mbmi -mbmi2 -mpopcnt -mlzcnt -mprfchw)
# GCC 12 warns about its own AVX-512 headers (GCC bug 105593).
set(UDL_FLAGS_avx512 ${UDL_FLAGS_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl
  -mavx512vbmi -mavx512vbmi2 -mavx512vpopcntdq -mprefer-vector-width=512 -Wno-uninitialized -Wno-maybe-uninitialized)

set(UDL_CPU_TARGETS baseline)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND NOT MSVC)
  check_cxx_compiler_flag("-mavx2" UDL_COMPILER_HAS_AVX2)
  check_cxx_compiler_flag("-mavx512vpopcntdq" UDL_COMPILER_HAS_AVX512)
  check_cxx_compiler_flag("-mavx512bf16" UDL_COMPILER_HAS_AVX512_BF16)
  if(UDL_COMPILER_HAS_AVX2)
    list(APPEND UDL_CPU_TARGETS avx2)
  endif()
  if(UDL_COMPILER_HAS_AVX2 AND UDL_COMPILER_HAS_AVX512)
    list(APPEND UDL_CPU_TARGETS avx512)
  endif()
endif()

# Not what the target needs: compilers use it for nothing but the kernels that ask for it by name,
# which the run time calls where the processor has it.
if(UDL_COMPILER_HAS_AVX512_BF16)
  list(APPEND UDL_FLAGS_avx512 -mavx512bf16)
endif()

set(UDL_CPU_TARGET_DEFINITIONS "")
foreach(target IN LISTS UDL_CPU_TARGETS)
  string(TOUPPER ${target} upper)
  list(APPEND UDL_CPU_TARGET_DEFINITIONS UDL_HAS_TARGET_${upper}=1)
endforeach()
message(STATUS "udl_fast CPU targets: ${UDL_CPU_TARGETS}")

# One object library per target, so that each has its own flags. Whoever links the interface library
# `library` gets their objects (object libraries do not hand on the objects of others).
function(udl_add_cpu_targets library)
  file(GLOB kernel_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/csrc/kernels/cpu/*.cpp)
  foreach(target IN LISTS UDL_CPU_TARGETS)
    set(objects ${library}_${target})
    string(TOUPPER ${target} upper)
    add_library(${objects} OBJECT ${kernel_sources})
    target_include_directories(${objects} PRIVATE csrc)
    target_compile_definitions(${objects} PRIVATE UDL_TARGET=${target} UDL_TARGET_${upper}=1)
    target_compile_options(${objects} PRIVATE ${UDL_FLAGS_${target}})
    udl_set_options(${objects})
    target_sources(${library} INTERFACE $<TARGET_OBJECTS:${objects}>)
  endforeach()
endfunction()
