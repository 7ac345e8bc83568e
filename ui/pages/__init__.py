"""The pages of the browser UI, built with Gradio, and what they share."""
