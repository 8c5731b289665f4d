"""A synthetic company that writes vendor-native exports together with the truth about its people.

It feeds the demo, the benchmarks and calibration. The same seed always writes the same bytes.
"""
