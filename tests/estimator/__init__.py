"""What users expect of any estimator: errors in words, Ctrl-C, data in files, a progress bar."""
