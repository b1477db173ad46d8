"""The doorways to the world as protocols, and the values that pass through them."""
