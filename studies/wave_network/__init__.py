"""Training of the network behind `physioclr.signal.delineation`."""
