"""Lists and tables (text, CSV, Parquet) that name or hold images."""
