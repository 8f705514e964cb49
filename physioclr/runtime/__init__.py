"""What a process needs around the science: files, locks, folders, threads, devices."""
