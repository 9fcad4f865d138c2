"""How the findings hold when clocks disagree and evidence has holes: captures with known truth, spoiled on purpose.

``python -m bench.robustness skew`` moves one node's clock, ``python -m bench.robustness holes`` cuts stretches out of sources.
"""
