"""`python -m daemon` is the `zhiban` command."""

from daemon.cli import main

if __name__ == "__main__":
    main()
