-- Macros that mapping SQL may use (docs/sources.md names them). Pure: same text in, same text out.
-- $inner_pad and $outer_pad are the two padded keys of HMAC-SHA256, put in as blob literals by the engine.

CREATE OR REPLACE MACRO keyed_hash(value) AS
    CASE WHEN value IS NULL THEN NULL
         ELSE sha256($outer_pad || unhex(sha256($inner_pad || encode(CAST(value AS VARCHAR))))) END;

CREATE OR REPLACE MACRO plain_account_number(value) AS
    nullif(upper(regexp_replace(CAST(value AS VARCHAR), '[^A-Za-z0-9]', '', 'g')), '');

CREATE OR REPLACE MACRO last4(value) AS right(plain_account_number(value), 4);

CREATE OR REPLACE MACRO mail_key(value) AS nullif(lower(trim(value)), '');

-- Personal mail for comparison: plus-tags always go, dots go where the provider ignores them.
CREATE OR REPLACE MACRO mail_identity(value) AS
    CASE WHEN mail_key(value) NOT LIKE '%_@_%' THEN NULL
         WHEN split_part(mail_key(value), '@', 2) IN ('gmail.com', 'googlemail.com')
         THEN replace(regexp_replace(split_part(mail_key(value), '@', 1), '\+.*$', ''), '.', '') || '@gmail.com'
         ELSE regexp_replace(split_part(mail_key(value), '@', 1), '\+.*$', '') || '@' || split_part(mail_key(value), '@', 2)
    END;

-- E.164 where the number says its country or the country is known to use the North American plan;
-- otherwise the bare digits, or nothing where they are few: a local number is somebody else's in the next town.
CREATE OR REPLACE MACRO phone_digits(value) AS regexp_replace(CAST(value AS VARCHAR), '[^0-9]', '', 'g');
CREATE OR REPLACE MACRO phone_key(value, country) AS
    CASE WHEN length(phone_digits(value)) < 7 THEN NULL
         WHEN regexp_matches(trim(CAST(value AS VARCHAR)), '^\+') THEN '+' || phone_digits(value)
         WHEN regexp_matches(trim(CAST(value AS VARCHAR)), '^00') THEN '+' || substr(phone_digits(value), 3)
         WHEN country IN ('US', 'CA') AND length(phone_digits(value)) = 10 THEN '+1' || phone_digits(value)
         WHEN country IN ('US', 'CA') AND length(phone_digits(value)) = 11 THEN '+' || phone_digits(value)
         WHEN length(phone_digits(value)) >= 10 THEN phone_digits(value) END;

-- One spelling for one dwelling: lower case, no punctuation, common words shortened, unit kept.
CREATE OR REPLACE MACRO address_words(line) AS
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
        ' ' || regexp_replace(regexp_replace(lower(line), '#', ' unit ', 'g'), '[^\p{L}\p{N}]+', ' ', 'g') || ' ',
        ' (apartment|apt|suite|ste|flat) ', ' unit ', 'g'),
        ' unit unit ', ' unit ', 'g'),
        ' street ', ' st ', 'g'),
        ' avenue ', ' ave ', 'g'),
        ' road ', ' rd ', 'g'),
        ' drive ', ' dr ', 'g'),
        ' boulevard ', ' blvd ', 'g'),
        ' lane ', ' ln ', 'g'),
        ' court ', ' ct ', 'g'),
        ' place ', ' pl ', 'g'),
        ' circle ', ' cir ', 'g'),
        ' parkway ', ' pkwy ', 'g'),
        ' highway ', ' hwy ', 'g'),
        ' terrace ', ' ter ', 'g'),
        ' square ', ' sq ', 'g'),
        ' trail ', ' trl ', 'g');
CREATE OR REPLACE MACRO address_key(line, city, region, postal_code) AS
    CASE WHEN trim(coalesce(line, '')) = '' THEN NULL
         ELSE trim(regexp_replace(address_words(line), ' +', ' ', 'g')) || '|'
              || lower(trim(coalesce(city, ''))) || '|'
              || upper(trim(split_part(coalesce(postal_code, ''), '-', 1))) END;

-- Names are looked up as values of a type, which is by hash; a MAP would be gone through from its start for every row.
CREATE OR REPLACE TYPE country_name AS ENUM ($country_names);
CREATE OR REPLACE TYPE region_name AS ENUM ($region_names);
CREATE OR REPLACE MACRO country_code(value) AS
    coalesce([$country_codes][1 + enum_code(try_cast(lower(trim(value)) AS country_name))], CASE WHEN length(trim(value)) = 2 THEN upper(trim(value)) END);
CREATE OR REPLACE MACRO region_code(value) AS
    CASE WHEN trim(value) = '' THEN NULL
         ELSE coalesce([$region_codes][1 + enum_code(try_cast(lower(trim(value)) AS region_name))], CASE WHEN length(trim(value)) <= 3 THEN upper(trim(value)) ELSE trim(value) END) END;

CREATE OR REPLACE MACRO name_key(value) AS
    nullif(trim(regexp_replace(strip_accents(lower(value)), '[^\p{L}\p{N}]+', ' ', 'g')), '');

-- The words of a name as names are compared, and which of them count: no single letters, no particles, no other letters.
-- Every accent goes, not those of a list: Vietnamese, Yoruba and Igbo names would else be compared with what banks and
-- carriers make of them, and differ. A letter with a stroke is no accent, and ß is two letters.
CREATE OR REPLACE MACRO name_words(value) AS
    string_split(trim(regexp_replace(replace(replace(replace(translate(strip_accents(lower(replace(value, 'ß', 'ss'))),
        'łđøı''’`', 'ldoi'), 'ae', 'a'), 'oe', 'o'), 'ue', 'u'), '[^\p{L}]+', ' ', 'g')), ' ');
-- A particle that is a family name of many people (Le, Do, Das, Van) is a word like any other.
CREATE OR REPLACE MACRO is_name_word(token) AS
    regexp_matches(token, '^[a-z][a-z]+$')
    AND token NOT IN ('de', 'dos', 'del', 'von', 'der', 'den', 'al', 'el', 'bin', 'ibn',
                      'mr', 'mrs', 'ms', 'dr', 'jr', 'sr', 'ii', 'iii');

CREATE OR REPLACE MACRO url_host(value) AS
    nullif(regexp_extract(lower(value), '^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+)', 1), '');

-- A number that is no time of people's lives (years 1900 to 9999) gives null, and so rejects its record.
CREATE OR REPLACE MACRO epoch_s_time(value) AS
    CASE WHEN CAST(value AS DOUBLE) BETWEEN -2208988800 AND 253402214400
         THEN make_timestamptz(CAST(round(CAST(value AS DOUBLE) * 1000000) AS BIGINT)) END;
CREATE OR REPLACE MACRO epoch_ms_time(value) AS epoch_s_time(CAST(value AS DOUBLE) / 1000);

-- The 128 smallest hashes of all runs of five words: two texts' likeness can be told from their sketches,
-- the text itself cannot be told from its sketch.
-- The words are put into a list of one first, so that they are split once and not again for every run.
CREATE OR REPLACE MACRO text_sketch(value) AS
    list_transform(
        [string_split(coalesce(name_key(value), ''), ' ')],
        lambda words: CASE WHEN len(words) < 20 THEN NULL
            ELSE list_slice(list_sort(list_distinct(list_transform(
                     range(1, len(words) - 3),
                     lambda i: substr(md5(array_to_string(list_slice(words, i, i + 4), ' ')), 1, 12)))), 1, 128) END)[1];

-- Ethereum and Bech32 addresses mean the same in any case; Base58 ones do not.
CREATE OR REPLACE MACRO wallet_key(value) AS
    CASE WHEN regexp_matches(trim(value), '^(0[xX]|[bB][cC]1|[tT][bB]1|[lL][tT][cC]1)') THEN lower(trim(value))
         ELSE nullif(trim(value), '') END;

-- A subject's id: nothing of the person can be read from it, and the same reference always gives the same id.
CREATE OR REPLACE MACRO subject_id_of(reference) AS 'S-' || upper(substr(keyed_hash('subject:' || reference), 1, 14));
