mod edges;
mod lookback;
mod matched;
mod plain;
mod rsigma;
mod setup;
