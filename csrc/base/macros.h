#pragma once
// Compiler differences in one place. UDL_HD marks functions shared by host and CUDA device code,
// which is compiled without contraction into fma as host code is (nvcc -fmad=false).

#if defined(__CUDACC__)
#define UDL_HD __host__ __device__
#else
#define UDL_HD
#endif

#if defined(_MSC_VER)
#define UDL_ALWAYS_INLINE __forceinline
#define UDL_NEVER_INLINE __declspec(noinline)
#define UDL_RESTRICT __restrict
#elif defined(__SANITIZE_ADDRESS__)
// Checked code is several times as large: inlined by force, a file of kernels takes ten minutes.
#define UDL_ALWAYS_INLINE inline
#define UDL_NEVER_INLINE __attribute__((noinline))
#define UDL_RESTRICT __restrict__
#else
#define UDL_ALWAYS_INLINE inline __attribute__((always_inline))
#define UDL_NEVER_INLINE __attribute__((noinline))
#define UDL_RESTRICT __restrict__
#endif
