"""SQL over the API: parse, plan, explain, fetch, execute; paid for in calls, and told so before."""
