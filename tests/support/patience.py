"""How long tests wait for an event, however slow the machine: only a fault takes this long."""

SECONDS = 300
MILLISECONDS = 1000 * SECONDS
