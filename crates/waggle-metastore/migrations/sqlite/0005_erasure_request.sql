-- What an erasure has to do, while it has to do it, so that the next start goes on with it. The only place where the values of its
-- filters are written down: it is emptied before the erasure is done.
ALTER TABLE erasures ADD COLUMN request BLOB;
