# Warnings, floating-point rules and sanitizers shared by every target.
function(udl_set_options target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /fp:precise)
    return()
  endif()
  # Bits are promised equal on every CPU target: no contraction into fma, no fast-math.
  target_compile_options(${target} PRIVATE -Wall -Wextra -ffp-contract=off)
  if(UDL_FAST_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(UDL_FAST_SANITIZE)
    # Lines are enough for a report; more (a build type may ask for it) compiles a fifth longer.
    target_compile_options(${target} PRIVATE -fsanitize=${UDL_FAST_SANITIZE} -fno-omit-frame-pointer -g1)
    target_link_options(${target} PRIVATE -fsanitize=${UDL_FAST_SANITIZE})
  endif()
endfunction()

# Bindings check and hand on: under sanitizers, to optimise what templates of pybind11 hold takes half of
# their time to compile, and nothing runs long there. They are linked as pybind11 asks for, which compiles each
# template once.
function(udl_set_binding_options target)
  udl_set_options(${target})
  if(UDL_FAST_SANITIZE AND NOT MSVC)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()
