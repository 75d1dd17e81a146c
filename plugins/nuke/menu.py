"""Run by Nuke's GUI at its start, after init.py."""

__all__ = []

try:
    import nle_style_nuke

    nle_style_nuke.add_menu()
except Exception as error:  # whatever it is, Nuke must start
    print(f"nle_style has no menu: {error}")
