#!/usr/bin/env bash
# Builds, tests and measures on a machine with a GPU, in under 8 minutes and without a network: python3 there has
# scikit-build-core, pybind11, NumPy and pytest. Results are written line by line.
#
#   benchmarks/gpu/run.sh [--only tests|bench] [--seconds N] [--output FOLDER] [--rehearse]
#
# --rehearse: everything runs without a GPU; tests of a device are skipped and kernels are interpreted at tiny sizes, with the
# package that python3 finds.
set -euo pipefail
cd "$(dirname "$0")/../.."
only=all seconds=90 output=${OUT:-build/gpu} rehearse=
while [ $# -gt 0 ]; do
    case $1 in
    --only) only=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --output) output=$2; shift 2 ;;
    --rehearse) rehearse=--rehearse; shift ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
    esac
done
python=${PYTHON:-python3}
mkdir -p "$output"

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

step "machine"
command -v nvcc >/dev/null || { echo "no nvcc here" >&2; exit 1; }
nvcc --version | tail -n 1
if [ -z "$rehearse" ]; then
    command -v nvidia-smi >/dev/null || { echo "no GPU here: no nvidia-smi" >&2; exit 1; }
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem --format=csv | tee "$output/machine.txt"

    step "build, for this card alone"
    architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
    [ "$architecture" = 90 ] && architecture=90a
    built=$(mktemp -d)
    SKBUILD_CMAKE_DEFINE="UDL_FAST_CUDA=ON;UDL_FAST_CUDA_ARCHITECTURES=$architecture" \
        "$python" -m pip install --no-build-isolation --no-deps --no-index --quiet --target "$built" . \
        2>&1 | tee "$output/build.log"
    export PYTHONPATH="$built:$PWD${PYTHONPATH:+:$PYTHONPATH}"
else
    export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
fi

if [ "$only" != bench ]; then
    step "the CPU's bits on the device"
    "$python" -m pytest -q -m gpu --maxfail=3 -p no:cacheprovider --junitxml="$output/tests.xml" tests/cuda/test_on_gpu.py
fi
if [ "$only" != tests ]; then
    step "learning"
    "$python" -m benchmarks.gpu.learning --seconds "$seconds" --output "$output/learning.json" $rehearse
fi
step "done: $output"
