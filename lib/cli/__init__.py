"""The shell: commands, image files, npz, jobs."""
