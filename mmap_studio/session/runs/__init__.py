"""The runs of a project side by side: what the user says of them, in what they differ, and the trash."""
