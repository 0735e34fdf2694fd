"""PyTorch and CuPy on the same GPU, in the forms that were the fastest of those tried there
(``benchmarks/results/gpu/``); in a rehearsal PyTorch on the CPU.
"""
