#!/usr/bin/env bash
# Builds, tests and measures on a machine with a GPU, in under 8 minutes and without a network: python3 there has
# scikit-build-core, pybind11, NumPy and pytest; peers are PyTorch and CuPy, where it has them. What was measured is kept
# when the run is stopped: one file a date, GPU and commit in the output folder (UDL_FAST_COMMIT names the commit where the
# sources come without their history).
#
#   benchmarks/gpu/run.sh [--only tests,bench,peers] [--seconds N] [--output FOLDER] [--rehearse]
#
# --seconds: of the whole run, the build included. --rehearse: everything runs without a GPU; tests of a device are skipped,
# kernels are interpreted at tiny sizes and peers computed on the CPU, with the package that python3 finds.
set -euo pipefail
cd "$(dirname "$0")/../.."
only=tests,bench,peers seconds=465 output=${OUT:-build/gpu} rehearse=
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
    nvidia-smi --query-gpu=name,driver_version,clocks.sm,clocks.mem --format=csv

    step "build, for this card alone"
    architecture=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
    [ "$architecture" = 90 ] && architecture=90a
    built=$(mktemp -d)
    SKBUILD_CMAKE_DEFINE="UDL_FAST_CUDA=ON;UDL_FAST_CUDA_ARCHITECTURES=$architecture" \
        "$python" -m pip install --no-build-isolation --no-deps --no-index --quiet --target "$built" . \
        2>&1 | tee "$output/build.log"
    export PYTHONPATH="$built:$PWD${PYTHONPATH:+:$PYTHONPATH}"
    # What compilers of peers make is not kept from run to run: every run takes as long.
    export TORCHINDUCTOR_CACHE_DIR="$built/inductor" TRITON_CACHE_DIR="$built/triton"
else
    export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
fi

left=$((seconds - SECONDS))
[ "$left" -gt 30 ] || { echo "$left s are left of $seconds: nothing more begins" >&2; exit 1; }
step "$only"
# Interrupted, not killed: Python ends between two lines.
timeout --signal=INT --kill-after=10 "$left" \
    "$python" -m benchmarks.gpu.measure --only "$only" --seconds "$((left - 10))" --output "$output" $rehearse
step "done: $output"
