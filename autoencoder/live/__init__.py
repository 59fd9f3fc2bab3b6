"""A run that can be watched and changed while it trains; what the browser frontend is built on."""
