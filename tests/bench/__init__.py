"""The benchmark suite, the scripts of benchmarks/ in short, and the figures that texts quote."""
