"""The compiled engine below the models: sums, draws, learning, rows, threads and CPU targets."""
