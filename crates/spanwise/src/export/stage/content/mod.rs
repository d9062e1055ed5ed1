pub(crate) mod keys;
pub(crate) mod truncate;
