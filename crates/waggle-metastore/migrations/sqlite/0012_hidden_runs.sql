-- People who do not want others to see in the history what they ask.
ALTER TABLE users ADD COLUMN hides_runs INTEGER NOT NULL DEFAULT 0;
