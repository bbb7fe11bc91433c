"""Records side by side: `CompareScreen`, in `screen`."""
