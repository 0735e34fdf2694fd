"""Files of models, and files that are replaced whole or not at all."""
