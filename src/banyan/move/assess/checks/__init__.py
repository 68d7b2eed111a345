"""The checks of doctor, one file for each part of the shop. Pure: what was read goes in, hazards come out."""
