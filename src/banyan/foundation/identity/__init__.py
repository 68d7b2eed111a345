"""Who a service is to its peers: certificates of a small authority of our own, or what a mesh's sidecars say."""
