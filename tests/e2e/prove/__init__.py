"""The long proofs, each with a short version that runs among the ordinary tests; `make prove` runs the long ones."""
