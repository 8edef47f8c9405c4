//! Stories told through the command line: the real binary, as a process of its own.

mod admin;
mod all_providers;
mod compare;
mod costs;
mod doctor;
mod keys_stay;
mod killed;
mod logs;
mod prompts;
mod runs;
mod serve;
mod sets;
mod start;
mod traces;
mod truth;
mod validate;
