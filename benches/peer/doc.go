// Command peer is what a Go developer would write in this project's place with Scaleway's own SDK and Grafana's own SDK: it
// lists events page by page, builds a data frame of them and marshals it to Arrow. The benchmarks compare with it.
package main
