// Package scw runs the commands that contain a suspect by Scaleway's own command line: each template of the table, against a
// server that records calls, and the commands of an answer.
package scw
