"""All about lessons and records. Nothing outside of it imports it."""
