-- How many jobs there are in each state: a screen that counts them must not look at each.
CREATE TABLE job_counts (
    organization_id BLOB NOT NULL REFERENCES organizations (id),
    state           TEXT NOT NULL,
    jobs            BIGINT NOT NULL,
    PRIMARY KEY (organization_id, state)
);
INSERT INTO job_counts (organization_id, state, jobs) SELECT organization_id, state, COUNT(*) FROM jobs GROUP BY organization_id, state;
CREATE TRIGGER jobs_come AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts (organization_id, state, jobs) VALUES (NEW.organization_id, NEW.state, 1)
        ON CONFLICT (organization_id, state) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER jobs_go AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE organization_id = OLD.organization_id AND state = OLD.state;
END;
CREATE TRIGGER jobs_move AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE organization_id = OLD.organization_id AND state = OLD.state;
    INSERT INTO job_counts (organization_id, state, jobs) VALUES (NEW.organization_id, NEW.state, 1)
        ON CONFLICT (organization_id, state) DO UPDATE SET jobs = jobs + 1;
END;
