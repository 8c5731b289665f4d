"""Cases: assessments that people work on, from the first look to a verdict and its evidence package.

A case gathers notes, verdicts and records behind one assessment into a frozen document that every face shows.
"""
