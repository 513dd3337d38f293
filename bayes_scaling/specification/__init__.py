"""What is believed: laws, priors, noise and discrepancy, as read from one TOML file."""
