"""A page in the browser on which an instrument is played, and the server behind it."""
