"""Starts the dashboard: `streamlit run app.py`, or `cea app` from anywhere."""

from cea.dashboard.main import main

main()
