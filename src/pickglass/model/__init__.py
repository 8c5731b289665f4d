"""The vocabulary: tables, columns and the few records that cross stages.

`schema.yaml` names every table and column once, with type, label, personal-data class and mask. Arrow and
SQL types, documentation, masks and exports are derived from it, so that a column means one thing everywhere.
"""
