"""Settings of a program: one table for its options, its configuration files and the records of its runs."""
