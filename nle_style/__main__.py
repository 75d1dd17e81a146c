"""`python -m nle_style`: what the plugins start."""

from nle_style.cli.main import main

if __name__ == "__main__":
    main()
