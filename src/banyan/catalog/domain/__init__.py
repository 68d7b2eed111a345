"""What is true of a catalogue: names, slugs and SKUs, typed attributes, options, the tree, pictures, how products are shown."""
