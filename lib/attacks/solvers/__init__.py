"""What several attacks share, each piece under its standard name."""
