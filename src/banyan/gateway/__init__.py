"""The one door: it finds whose a path is, keeps out what may not pass, and answers catalogue reads by itself."""
