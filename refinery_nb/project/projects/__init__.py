"""What is done with whole projects: list, copy, rename, delete, save, restore, examine."""
