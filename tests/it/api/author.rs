//! Whose work it is: the name that a request brings stands with what it wrote.

use minerva_console::client::Client;
use minerva_console::wire::config::{ConfigChangesQuery, PipelineState, SetPipelineState};
use minerva_console::wire::deployment::{DeployPrompt, Environment};
use minerva_console::wire::prompt::SavePromptVersion;
use secrecy::ExposeSecret;

use crate::support::platform::{self, Options};

#[tokio::test]
async fn what_is_written_is_kept_under_the_name_that_was_brought() {
    let platform = platform::start(Options::default().without_workers()).await;
    let named = |name: &str| {
        let client = Client::new(platform.host.base(), platform.host.token()).expect("a client");
        client.set_author(name);
        client
    };
    let (ada, jurgen, nobody) = (named("Ada"), named("Jürgen Müller"), named(""));
    let prompt = ada.prompts().await.expect("prompts").items.remove(0);
    let save = |text: &str| SavePromptVersion { content: text.to_owned(), ..SavePromptVersion::default() };
    let by_ada = ada.save_prompt_version(prompt.id, &save("Look for boats")).await.expect("saved");
    let by_jurgen = jurgen.save_prompt_version(prompt.id, &save("Look for ships")).await.expect("saved");
    let by_nobody = nobody.save_prompt_version(prompt.id, &save("Look for rafts")).await.expect("saved");
    assert_eq!([by_ada.author.as_str(), &by_jurgen.author, &by_nobody.author], ["Ada", "Jürgen Müller", "API"]);

    jurgen.deploy_prompt(&DeployPrompt::to_production(by_ada.id)).await.expect("deployed");
    let deployed = ada.newest_deployment(Environment::Production).await.expect("asked").expect("there is one");
    assert_eq!(deployed.actor, "Jürgen Müller");
    let paused = ada.set_pipeline_state(SetPipelineState { state: PipelineState::Paused }).await.expect("paused");
    assert_eq!(paused.change.expect("a change").actor, "Ada");
    let undone = jurgen.undo_config().await.expect("undone");
    assert_eq!(undone.change.expect("a change").actor, "Jürgen Müller");

    assert_eq!(ada.config_actors().await.expect("names").items, ["API", "Ada", "Jürgen Müller"]);
    let of_ada = ConfigChangesQuery { actor: Some("Ada".to_owned()), ..ConfigChangesQuery::default() };
    let of_ada = ada.find_config_changes(&of_ada).await.expect("found").items;
    assert_eq!((of_ada.len(), of_ada.iter().all(|change| change.actor == "Ada")), (2, true));
}

#[tokio::test]
async fn a_name_that_can_be_none_is_refused_and_nothing_is_written() {
    let platform = platform::start(Options::default().without_workers()).await;
    let prompt = platform.client.prompts().await.expect("prompts").items.remove(0);
    let url = platform.host.base().join(&format!("api/ai/pipeline/prompts/{}/versions", prompt.id)).expect("a URL");
    for name in [&"x".repeat(81).into_bytes()[..], b"Minerva", b" ", b"\xff"] {
        let request = reqwest::Client::new().post(url.clone()).bearer_auth(platform.host.token().expose_secret());
        let header = reqwest::header::HeaderValue::from_bytes(name).expect("a header");
        let answer = request.header("x-minerva-author", header).json(&serde_json::json!({"content": "Look"})).send().await.expect("answered");
        assert_eq!(answer.status(), 400, "{name:?}");
        let problem: serde_json::Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "bad_author", "{problem}");
    }
    assert_eq!(platform.client.prompt_versions(prompt.id).await.expect("versions").items.len(), 1);
}
