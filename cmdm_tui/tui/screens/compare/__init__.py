"""Records side by side: `screen` has `CompareScreen`."""
