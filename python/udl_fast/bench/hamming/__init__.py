"""`udl-fast bench hamming`: exact Hamming search against FAISS and usearch."""
