"""Run by Nuke at its start, in every mode, when this folder is on its plugin path."""

__all__ = []

try:
    import nle_style_nuke

    nle_style_nuke.register()
except Exception as error:  # whatever it is, Nuke must start
    print(f"nle_style is not loaded: {error}")
