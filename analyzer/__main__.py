"""``python -m analyzer`` is ``podopsy``. A worker process imports this module, too, and needs no command line: that waits for the call."""


def main() -> None:
    """Run a command."""
    from analyzer.cli import main as run

    run()


if __name__ == "__main__":
    main()
