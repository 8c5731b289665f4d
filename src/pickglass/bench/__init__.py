"""The bench: measures pickglass on people and companies whose truth is known, and writes the pages with the figures.

Each bench is a function that returns a frozen report; faces print it, and `pages` of each bench makes its
document. What is measured is the product itself, called as `pipeline` calls it.
"""
