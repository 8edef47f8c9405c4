//! How the database goes about a question, as it tells for tests.

use super::Db;

/// The steps of the plan for `sql` in a database that knows nothing of how many rows there are.
pub async fn of(db: &Db, sql: &str) -> Vec<String> {
    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(&db.read).await.expect("a plan");
    steps.into_iter().map(|(.., step)| step).collect()
}

/// Rows are found by an index, and come in the order that is asked for; but for a last term among the few that are equal before it.
pub async fn assert_indexed(db: &Db, sql: &str, what: &str) {
    let steps = of(db, sql).await;
    for step in &steps {
        let walks = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE INDEX") && !step.contains("CONSTANT ROW");
        assert!(!walks && (!step.contains("TEMP B-TREE") || step.contains("LAST TERM")), "{what}: {steps:?}");
    }
}
