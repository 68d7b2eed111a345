"""What faces stand on: pages for browsers, made from what services answer over HTTP. It knows no face by name."""
