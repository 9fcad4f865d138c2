"""What container runtimes and their daemons tell: events, snapshots, logs."""
