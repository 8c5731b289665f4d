-- The words of names, as names are compared: accents and punctuation do not matter, nor do particles and single letters.
-- Names that are not in Latin letters cannot be compared, and count for nothing. Which words somebody's name has is
-- compared with what other records call them; whose kind of name it is, nobody asks. The macros are in macros.sql.

-- Of all names on file.
CREATE TEMP TABLE name_word AS
SELECT DISTINCT subject_id, token
FROM (
    SELECT subject_id, unnest(name_words(name)) AS token FROM hiring_event WHERE name IS NOT NULL
    UNION ALL
    SELECT subject_id, unnest(name_words(name)) FROM worker WHERE name IS NOT NULL
    UNION ALL
    SELECT subject_id, unnest(name_words(preferred_name)) FROM worker WHERE preferred_name IS NOT NULL
)
WHERE is_name_word(token);

-- Of the names that stand in other records about the same person, word by word; is_name tells those that are compared.
CREATE TEMP VIEW written_word AS
SELECT *, is_name_word(token) AS is_name
FROM (
    SELECT subject_id, event_id, 'recipient' AS field, unnest(name_words(recipient)) AS token FROM shipment_event WHERE recipient <> ''
    UNION ALL
    SELECT subject_id, event_id, 'signed_by', unnest(name_words(signed_by)) FROM shipment_event WHERE signed_by <> ''
    UNION ALL
    SELECT subject_id, event_id, 'owner_name', unnest(name_words(owner_name)) FROM payroll_event WHERE owner_name <> ''
    UNION ALL
    SELECT subject_id, event_id, 'participant', unnest(name_words(participant)) FROM meeting WHERE participant <> ''
);
