//! Tests of the whole sandbox over HTTP.

mod client;
mod faults;
mod incident;
mod paging;
mod server;
mod trail;
