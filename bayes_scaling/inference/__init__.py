"""From a specification and data to a posterior that has been checked."""
