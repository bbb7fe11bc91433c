"""What `cmdm query` is made of: where SQL comes from, where results go, what is told meanwhile."""
