package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

const usage = `usage: peer list [flags]            list events; print how many there are and how long it took
       peer decode [flags] FILE...  decode pages again and again; print how fast
       peer [plugin]                serve as a data source`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	// Grafana starts a plugin without arguments.
	if len(arguments) == 0 {
		return serve()
	}
	switch arguments[0] {
	case "list":
		return list(arguments[1:])
	case "decode":
		return decode(arguments[1:])
	case "plugin":
		return serve()
	default:
		return fmt.Errorf("no command %q\n%s", arguments[0], usage)
	}
}

func list(arguments []string) error {
	var trail Trail
	var from, to string
	flags := flag.NewFlagSet("list", flag.ExitOnError)
	flags.StringVar(&trail.URL, "url", "https://api.scaleway.com", "where the API is")
	flags.StringVar(&trail.Organization, "organization", os.Getenv("SCW_DEFAULT_ORGANIZATION_ID"), "the organization's id")
	flags.StringVar(&trail.Region, "region", "fr-par", "the region")
	flags.StringVar(&from, "from", "", "the range's start, RFC 3339")
	flags.StringVar(&to, "to", "", "the range's end, RFC 3339")
	trail.SecretKey = os.Getenv("SCW_SECRET_KEY")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	after, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return err
	}
	before, err := time.Parse(time.RFC3339, to)
	if err != nil {
		return err
	}

	start := time.Now()
	events, err := trail.Events(after, before)
	if err != nil {
		return err
	}
	listed := time.Since(start)
	arrow, err := Frame(events).MarshalArrow()
	if err != nil {
		return err
	}
	return report(map[string]any{
		"events":       len(events),
		"arrow_bytes":  len(arrow),
		"list_seconds": listed.Seconds(),
		"seconds":      time.Since(start).Seconds(),
	})
}

func report(figures map[string]any) error {
	return json.NewEncoder(os.Stdout).Encode(figures)
}
