"""What a request in the legacy shop's shape means on our side: the page that shows the same, or the same thing done by us."""
