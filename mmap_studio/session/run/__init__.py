"""One run: the pipeline, its stages, scoring, controls, and the run folder."""
