//! Who asks: the name that a request brought, under which everything that it changes is kept.

use crate::wire::author::UNNAMED;

tokio::task_local! {
    /// Held by the task of a request, so that no function between the route and the journal has to hand it on.
    static AUTHOR: String;
}

/// Does the work of a request under a name.
pub async fn asked_by<F: Future>(name: String, work: F) -> F::Output {
    AUTHOR.scope(name, work).await
}

/// The name of whoever is asking.
#[must_use]
pub fn current() -> String {
    AUTHOR.try_with(Clone::clone).unwrap_or_else(|_| UNNAMED.to_owned())
}
