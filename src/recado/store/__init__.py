"""REMEMBERS. PostgreSQL: plain SQL, one file per noun, first argument `db`.

It never commits (the caller's transaction decides), never speaks HTTP and knows no room but `engine`.
Start reading at `pool.py` (the connections), then `migrations/sql/0001_first.sql` (every table), then a noun's file.
"""
