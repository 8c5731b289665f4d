"""The vocabulary: the tables and columns of the lake, and the records that cross stages."""
