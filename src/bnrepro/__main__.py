"""The command: `bnrepro`, or `python -m bnrepro`."""

from bnrepro import environment


def run() -> None:
    """Run the command in an environment that decides no number."""
    environment.start_clean()
    from bnrepro.cli import main

    main()


if __name__ == "__main__":
    run()
