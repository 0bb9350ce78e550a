"""The attacker has images of his choice encrypted."""
