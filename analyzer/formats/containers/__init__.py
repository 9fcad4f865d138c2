"""What containers printed, in the wrapping of whoever kept it, and exports of log services."""
