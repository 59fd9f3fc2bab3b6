"""How long tests wait for what has to come, however slow the machine: only a fault takes as long."""

SECONDS = 300
MILLISECONDS = 1000 * SECONDS
