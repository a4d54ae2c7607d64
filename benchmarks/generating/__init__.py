"""The parts of benchmarks.generation: one file for each thing that is measured."""
