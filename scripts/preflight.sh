#!/bin/sh
# Checks what pip cannot install: Python with venv and headers, and a C++17 compiler.
# Prints the Python to use on stdout; what is missing, and how to get it, on stderr (exit status 1).
# PYTHON and CXX choose the Python and the compiler.

missing=0

complain() {
  missing=1
  printf 'udl_fast: %s\n' "$@" >&2
}

is_new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
}

check_python() {
  python=$(find_python)
  if [ -z "$python" ]; then
    complain "needs Python 3.11 or newer; found none${PYTHON:+ at PYTHON=$PYTHON}." \
      "  Debian, Ubuntu: apt-get install python3 python3-venv python3-dev" \
      "  elsewhere: see python.org/downloads; PYTHON=/path/to/python3.12 make ... chooses one."
    return
  fi
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    complain "$python has no venv module." \
      "  Debian, Ubuntu: apt-get install python3-venv (or python3.X-venv for python3.X)"
  fi
  include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  if [ ! -e "$include/Python.h" ]; then
    complain "the C headers of $python are missing ($include/Python.h)." \
      "  Debian, Ubuntu: apt-get install python3-dev; Fedora: dnf install python3-devel"
  fi
}

find_compiler() {
  for candidate in ${CXX:-c++ g++ clang++}; do
    if command -v "$candidate" >/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
}

check_compiler() {
  compiler=$(find_compiler)
  how="  Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install"
  if [ -z "$compiler" ]; then
    complain "needs a C++17 compiler (g++ 10 or newer, or clang); found none${CXX:+ at CXX=$CXX}." "$how"
    return
  fi
  program='
#include <charconv>
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 10
#error too old
#endif
int main() {}'
  if ! printf '%s\n' "$program" | "$compiler" -std=c++17 -fsyntax-only -x c++ - 2>/dev/null; then
    complain "$compiler cannot compile C++17 with its standard library (needs g++ 10 or newer, or clang)." \
      "$how"
  fi
}

check_python
check_compiler
[ "$missing" = 0 ] || exit 1
printf '%s\n' "$python"
