-- How many results were decided how, by day, most confident tag and the whole percents that their mean confidence
-- reaches: from these the rules are replayed without a look at the results. Kept up to date in the transaction that
-- stores a result; what was stored before is added up at the next start.
-- An empty main_tag stands for all results, those without tags included. percent -1: no confidence.
CREATE TABLE ai_decision_counts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    main_tag        TEXT NOT NULL,
    day_ms          BIGINT NOT NULL,
    decision        TEXT NOT NULL,
    percent         BIGINT NOT NULL,
    results         BIGINT NOT NULL,
    PRIMARY KEY (organization_id, main_tag, day_ms, decision, percent)
) WITHOUT ROWID;

-- What an entry of the journal is: 'change', 'undo' or 'redo'.
ALTER TABLE config_changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'change';
UPDATE config_changes SET kind = 'undo' WHERE summary LIKE 'Undo: %';

-- Which fields an entry of the journal changed, so that the history of one of them is found.
CREATE TABLE config_change_fields (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    field           TEXT NOT NULL,
    at_ms           BIGINT NOT NULL,
    change_id       BLOB NOT NULL REFERENCES config_changes (id),
    PRIMARY KEY (organization_id, field, at_ms, change_id)
) WITHOUT ROWID;
INSERT INTO config_change_fields (organization_id, field, at_ms, change_id)
SELECT DISTINCT c.organization_id, f.key, c.at_ms, c.id FROM config_changes c, json_each(c.after) f WHERE json_type(c.after) = 'object';
