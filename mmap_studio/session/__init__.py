"""What the app knows, without Qt: projects, the pipeline, the job."""
