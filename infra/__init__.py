"""How the product is run: on one machine, and by its operators."""
