"""The modules inside, because programs import them to catch their exceptions."""
