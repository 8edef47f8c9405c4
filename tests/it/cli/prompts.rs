//! `minerva prompts`: out to files, and in again.

use crate::support::binary::minerva;

#[test]
fn prompts_go_out_to_files_and_come_in_elsewhere() {
    let (here, there) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let out = here.path().join("out");
    let run = |home: &std::path::Path, args: &[&str]| {
        let output = minerva(home).arg("prompts").args(args).output().expect("runs");
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), words(&output.stdout), words(&output.stderr))
    };
    let (code, said, trouble) = run(here.path(), &["export", "--out", &out.to_string_lossy()]);
    assert_eq!((code, said.trim().ends_with("photo-tags-v1.md")), (Some(0), true), "{said} {trouble}");
    let file = out.join("photo-tags-v1.md");
    let text = std::fs::read_to_string(&file).expect("written");
    assert!(text.starts_with("---\nminerva_version: 1\nname: Photo tags\n"), "{text}");

    let file = file.to_string_lossy().into_owned();
    assert_eq!(run(there.path(), &["import", &file]).1.trim(), "Photo tags: the same as Photo tags v1");
    std::fs::write(&file, text.replace("name: Photo tags", "name: Street tags")).expect("written");
    assert_eq!(run(there.path(), &["import", "--dry-run", &file]).1.trim(), "Street tags: new prompt Street tags");
    assert_eq!(run(there.path(), &["import", &file]).1.trim(), "Street tags: new prompt Street tags");
    assert_eq!(run(there.path(), &["import", &file]).1.trim(), "Street tags: the same as Street tags v1");

    let (code, _, trouble) = run(there.path(), &["export", "--prompt", "Nothing"]);
    assert!(code == Some(2) && trouble.contains("There is no prompt 'Nothing'"), "{trouble}");
    std::fs::write(&file, "---\nminerva_version: 9\n---\nx").expect("written");
    let (code, _, trouble) = run(there.path(), &["import", &file]);
    assert!(code == Some(2) && trouble.contains("newer Minerva"), "{trouble}");
}

#[test]
fn a_prompt_that_cannot_be_read_keeps_no_other_out_and_a_dry_run_ends_the_same() {
    let home = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| {
        let output = minerva(home.path()).arg("prompts").args(args).output().expect("runs");
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), words(&output.stdout), words(&output.stderr))
    };
    let file = home.path().join("two.yaml");
    std::fs::write(&file, "prompts:\n  - {label: Broken, raw: '{% if width %}'}\n  - {label: Fine, raw: Look for boats}\n").expect("written");
    let file = file.to_string_lossy().into_owned();
    let (code, said, trouble) = run(&["import", "--dry-run", &file]);
    assert!(code == Some(2) && said.contains("Broken: can't be imported: Line 1") && said.contains("Fine: new prompt Fine"), "{said} {trouble}");
    assert!(trouble.contains("Not all can be imported: Broken"), "{trouble}");
    let (code, said, trouble) = run(&["import", &file]);
    assert!(code == Some(2) && said.contains("Broken: can't be imported: Line 1") && said.contains("Fine: new prompt Fine"), "{said} {trouble}");
    let (_, said, _) = run(&["import", "--dry-run", &file]);
    assert!(said.contains("Fine: the same as Fine v1"), "{said}");
}
