"""One plug-in of each kind that PhysioCLR takes."""
