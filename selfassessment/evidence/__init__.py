"""What an agency shows for what it says: files, links, observations, each for several standards."""
