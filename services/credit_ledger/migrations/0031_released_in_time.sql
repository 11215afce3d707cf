-- A release that was in time, and is handled after the hold was told as expired, ends it as released (C9).
ALTER TABLE hold_ends DROP CONSTRAINT hold_ends_check;
ALTER TABLE hold_ends ADD CONSTRAINT a_second_end_was_in_time
    CHECK (ordinal = 0 OR ordinal = 1 AND how IN ('captured', 'released'));
COMMENT ON COLUMN hold_ends.ordinal IS '1: captured or released in time, but handled after it was told as expired.';
