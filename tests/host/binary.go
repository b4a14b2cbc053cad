package host

import (
	"fmt"
	"os"
	"path/filepath"
)

// Binary finds a built program: where the environment variable says, else among cargo's builds.
func Binary(name, variable string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", variable, err)
		}
		return filepath.Abs(path)
	}
	for _, build := range []string{"release", "debug"} {
		path := filepath.Join("..", "..", "target", build, name)
		if _, err := os.Stat(path); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", fmt.Errorf("there is no %s: run `cargo build`, or set %s", name, variable)
}
