"""harness - throw-away servers, a walferry process and a judge of what it published."""
