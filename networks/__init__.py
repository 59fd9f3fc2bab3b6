"""Networks: things with a forward and a backward, each family a ladder of faster rungs."""
