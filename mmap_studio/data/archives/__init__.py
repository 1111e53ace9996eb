"""Images inside zip and tar files, read in place and never extracted."""
