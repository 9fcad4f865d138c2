"""What journald keeps and journalctl prints, in every mode; and what syslog makes of it."""
