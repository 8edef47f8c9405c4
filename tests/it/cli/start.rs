//! Starting without a command.

use crate::support::binary::run;

#[test]
#[cfg(target_os = "linux")]
fn without_a_display_it_names_the_commands_that_need_none() {
    let home = tempfile::tempdir().expect("folder");
    let said = run(home.path(), &[]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("minerva compare") && said.err.contains("minerva serve"), "{}", said.err);
}

#[test]
fn help_names_every_command() {
    let home = tempfile::tempdir().expect("folder");
    let said = run(home.path(), &["--help"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for command in ["serve", "compare", "doctor", "--data-dir", "--base-url"] {
        assert!(said.out.contains(command), "{}", said.out);
    }
}

#[test]
fn an_unknown_option_is_wrong_usage() {
    let home = tempfile::tempdir().expect("folder");
    let said = run(home.path(), &["--colour"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--colour"), "{}", said.err);
}
