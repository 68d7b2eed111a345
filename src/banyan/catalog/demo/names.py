"""What products are called: a model name before the noun, as shops do. No pool names a real product line."""

WILD = (
    "Kestrel", "Fjordline", "Tarn", "Ridgeway", "Corrie", "Skerry", "Larch", "Bivvy", "Cairn", "Drumlin",
    "Esker", "Firth", "Gannet", "Heather", "Ibex", "Juniper", "Lapwing", "Moraine", "Nightjar", "Plover",
    "Rowan", "Saddleback", "Talus", "Timberline", "Whinchat", "Yarrow", "Birkdale", "Scree", "Northlight",
    "Longshore", "Farfell", "Highwater", "Stonechat", "Windhover", "Dovrefell", "Marram", "Curlew", "Lochan",
)  # fmt: skip

COAST = (
    "Harbour", "Quayside", "Moorland", "Saltmarsh", "Hedgerow", "Millbrook", "Northgate", "Lindholm",
    "Ashdown", "Briar", "Cove", "Dune", "Eastwold", "Fellside", "Glenmoor", "Holt", "Oxbow", "Pasture",
    "Quarry", "Reedbed", "Strand", "Thicket", "Upland", "Wold", "Fieldfare", "Harvest", "Lowland",
    "Shoreline", "Tidal", "Weir", "Wharf", "Croft", "Fjordline", "Kelp", "Driftwood", "Estuary",
)  # fmt: skip

FIRST = (
    "Alma", "Astrid", "Bruna", "Carlo", "Dagny", "Edda", "Elin", "Fenna", "Greta", "Hanne", "Ilse", "Inga",
    "Jorun", "Karla", "Lotte", "Maren", "Nele", "Oda", "Petra", "Runa", "Signe", "Tilda", "Ulla", "Vera",
    "Wanda", "Ylva", "Bjarne", "Emil", "Finn", "Gustav", "Henrik", "Ivo", "Kasimir", "Ludo", "Matti",
    "Nils", "Otto", "Pelle", "Rasmus", "Theo", "Viggo",
)  # fmt: skip

BRIGHT = (
    "Arc", "Cadence", "Delta", "Halo", "Index", "Kilo", "Lumen", "Mono", "Orbit", "Quanta", "Relay",
    "Tempo", "Umbra", "Vector", "Cobalt", "Drift", "Fathom", "Glide", "Interval", "Lattice", "Meridian",
    "Octave", "Parallel", "Rhythm", "Solstice", "Tangent", "Unison", "Verse", "Zenith", "Ripple", "Prism",
    "Contour", "Ampere", "Transit",
)  # fmt: skip

PAGE = (
    "Folio", "Ledger", "Margin", "Serif", "Octavo", "Quarto", "Vellum", "Colophon", "Errata", "Preface",
    "Stanza", "Sonnet", "Chapter", "Footnote", "Postscript", "Almanac", "Atlas", "Canto", "Epigraph",
    "Glossary", "Imprint", "Journeyman", "Lexicon", "Memo", "Novella", "Parable", "Recto", "Verso",
    "Inkling", "Minuscule", "Ampersand", "Ballad",
)  # fmt: skip

PLAY = (
    "Pip", "Bumble", "Dotty", "Fable", "Giggle", "Hopscotch", "Juno", "Kiki", "Milo", "Nutmeg", "Olive",
    "Pebble", "Poppy", "Rumpus", "Sprout", "Tiptoe", "Toffee", "Waddle", "Ziggy", "Tinker", "Bobbin",
    "Button", "Treasure", "Jolly", "Merry", "Noodle", "Peekaboo", "Puddle", "Skipper", "Teapot",
    "Wiggle", "Lullaby",
)  # fmt: skip

BLOOM = (
    "Bramble", "Clover", "Dewdrop", "Fernway", "Foxglove", "Larkspur", "Marigold", "Nettle", "Orchard",
    "Posy", "Quince", "Rosemary", "Sweetpea", "Tansy", "Thistle", "Verbena", "Willow", "Elder", "Damson",
    "Hawthorn", "Hazel", "Lavender", "Medlar", "Mulberry", "Primrose", "Sorrel", "Teasel", "Woodruff",
    "Betony", "Campion", "Comfrey", "Yarrow",
)  # fmt: skip

ROAD = (
    "Commuter", "Switchback", "Cobble", "Towpath", "Hairpin", "Tailwind", "Backroad", "Crosstown", "Gravel",
    "Headwind", "Junction", "Lanterne", "Milestone", "Overpass", "Paceline", "Rambler", "Roundabout",
    "Sideroad", "Summit", "Turnpike", "Underpass", "Viaduct", "Waypoint", "Boulevard", "Causeway",
    "Detour", "Byway", "Freewheel", "Kerbside", "Nightride", "Ringroad", "Sprocket",
)  # fmt: skip
