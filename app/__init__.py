"""The Streamlit shell around `physioclr`: navigation, state, caches and components."""
