//! The limits of rules, so that a hostile file costs little time and memory.
