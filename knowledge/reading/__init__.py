"""Files of strangers become rows and texts: bounded, cleaned, and refused with a reason."""
