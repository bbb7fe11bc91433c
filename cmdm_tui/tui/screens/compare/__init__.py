"""Records side by side: `CompareScreen`."""
