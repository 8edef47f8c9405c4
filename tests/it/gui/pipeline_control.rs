//! Pipeline control: prompts, drafts, versions, models, keys, rules.

use chrono::TimeDelta;
use egui::Theme;
use minerva_console::gui::ctx::AreaId;
use minerva_console::wire::prompt::{CreatePrompt, SavePromptVersion, UpdatePrompt};

use crate::support::clock::TestClock;
use crate::support::console::{Console, Look};
use crate::support::platform::Options;

/// A prompt with everything that the editor marks.
const RICH: &str = "\
# Task
You describe photos for a **search index** of a *city archive*.

{# The archive's own words come first. #}
{% if width > height %}
The photo `{{ file_name }}` is {{ width }} × {{ height }} pixels and wide, so look at both sides of it before you decide what its main subject is.
{% endif %}

## Answer
Answer with JSON only:

```json
{\"caption\": \"one plain sentence\", \"tags\": [{\"name\": \"tag\", \"confidence\": 0.0}]}
```

- Up to 15 tags: the main subject first
- Lower-case nouns in the singular
1. People
2. Places

> Name only what can be seen.
";

fn options() -> Options {
    let clock = TestClock::at_noon();
    clock.advance(TimeDelta::minutes(-160));
    Options { clock, ..Options::default().without_workers() }
}

/// A console in the area, with the shipped prompt open.
fn open(options: Options, look: Look) -> Console {
    let mut console = Console::open_looking(options, look);
    console.go_to(AreaId::PipelineControl);
    console.wait_for("Draft saved");
    console
}

#[test]
fn pictures() {
    for (name, theme, size, pixels_per_point) in [
        ("dark", Theme::Dark, [1440.0, 900.0], 1.0),
        ("light", Theme::Light, [1440.0, 900.0], 1.0),
        ("small", Theme::Dark, [1024.0, 640.0], 1.0),
        ("150", Theme::Light, [1024.0, 640.0], 1.5),
    ] {
        let mut console = open(options(), Look { theme, size, pixels_per_point });
        let client = console.client();
        console.block_on(async {
            let prompt = client.prompts().await.expect("prompts").items.remove(0);
            let save = |content: &str, note: &str| SavePromptVersion { content: content.to_owned(), note: note.to_owned(), author: String::new() };
            client.save_prompt_version(prompt.id, &save(RICH, "Looks at both sides of wide photos")).await.expect("saved");
            let street = CreatePrompt { name: "Street scenes of the old town and its harbour".to_owned(), content: Some("Hi".to_owned()) };
            let street = client.create_prompt(&street).await.expect("created");
            let draft = UpdatePrompt { draft: Some("Hello".to_owned()), name: None };
            client.update_prompt(street.id, street.revision, &draft).await.expect("updated");
        });
        console.wait_for("city archive");
        console.picture(&format!("pipeline_control_{name}"));
        for tab in ["Models", "Rules", "Changes"] {
            console.click(tab);
            console.steps();
            std::thread::sleep(std::time::Duration::from_millis(300));
            console.steps();
            console.harness.render().expect("r").save(format!("/tmp/pc_{name}_{tab}.png")).expect("saved");
        }
    }
}
