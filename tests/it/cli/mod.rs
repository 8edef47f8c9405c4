//! Stories told through the command line: the real binary, as a process of its own.

mod compare;
mod doctor;
mod serve;
mod start;
