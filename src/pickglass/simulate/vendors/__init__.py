"""Writers: one module per vendor, each turning the diary into that vendor's own export."""
