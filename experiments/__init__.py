"""Questions put to networks: variants compared over several seeds, each with a picture and a table."""
