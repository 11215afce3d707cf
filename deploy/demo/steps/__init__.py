"""The steps of the story, one file each."""
