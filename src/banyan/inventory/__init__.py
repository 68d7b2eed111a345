"""Inventory: how many units lie where and for whom. What was promised is there, and nothing is promised twice."""
