"""From passages to an answer: extracted or written by a model, and always checked."""
