-- The sealed details of recipients were lists of numbers, four bytes of text for one; they become hexadecimal text.
UPDATE artifacts
SET contents = json_set(contents, '$.sealed_details', (
        SELECT COALESCE(group_concat(printf('%02x', value), '' ORDER BY key), '') FROM json_each(contents, '$.sealed_details')))
WHERE kind = 'recipient' AND json_type(contents, '$.sealed_details') = 'array';
