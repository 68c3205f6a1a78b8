"""What is asked: the standards, version by version, as files and as rows."""
