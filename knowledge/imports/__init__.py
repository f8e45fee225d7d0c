"""Files become rows of knowledge: read in batches, each stored with how far it got."""
