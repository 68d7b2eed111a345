"""What this shop's REST API says beyond the package's own."""
