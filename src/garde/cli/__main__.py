"""`python -m garde.cli`: the same as the `garde` command."""

from garde.cli import main

if __name__ == "__main__":
    main()
