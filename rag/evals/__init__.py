"""Evaluation: open question sets run through the engine, with standard ranking metrics."""
