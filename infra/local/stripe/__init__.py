"""A stateful stand-in of the part of Stripe's HTTP API and Stripe.js that the product uses."""
