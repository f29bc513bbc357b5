"""The script that `cea app` hands to Streamlit, for an installed package without the project's own `app.py`."""

from __future__ import annotations

from cea.dashboard.main import main

main()
