//! Types that both sides of the API share, one file per noun.
//!
//! Conventions: times are RFC 3339 UTC, money is USD as a decimal number (held as integer
//! micro-dollars), durations end in `_ms`, ids are UUID v7. Nothing here does I/O.

pub mod alert;
pub mod analytics;
pub mod answer_schema;
pub mod assistant;
pub mod author;
pub mod comparison;
pub mod config;
pub mod cost;
pub mod deployment;
pub mod event;
pub mod fallback;
pub mod health;
pub mod ids;
pub mod job;
pub mod job_filter;
pub mod log;
pub mod loose_json;
pub mod metric;
pub mod model;
pub mod money;
pub mod page;
pub mod past;
pub mod photo;
pub mod photo_search;
pub mod photo_set;
pub mod problem;
pub mod prompt;
pub mod prompt_analysis;
pub mod prompt_diff;
pub mod prompt_file;
pub mod prompt_label;
pub mod prompt_parts;
pub mod prompt_search;
pub mod provider;
pub mod replay;
pub mod result;
pub mod rules;
pub mod run;
pub mod status;
pub mod sweep;
pub mod tag;
pub mod template_depth;
pub mod trace;
pub mod truth;
pub mod unclosed;
pub mod validation;
pub mod vote;
pub mod worker;
