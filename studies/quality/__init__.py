"""How the weights of `physioclr.assess_quality` are fitted."""
