"""Interactive charts, from the same frames as the printed figures and in the same colours."""
